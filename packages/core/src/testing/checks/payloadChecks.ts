import { assert } from "@effect/vitest"
import { Effect, Exit, Schema } from "effect"
import { type Conversation, type Form, Receipt } from "../../ChannelPlugin.ts"
import type { Notification } from "../../Notification.ts"
import type { Check } from "../options.ts"
import { always } from "../always.ts"
import { givenTo, ifGiven, isGiven } from "../given.ts"
import { previewTexts } from "../previewTexts.ts"
import { notifications } from "../samples.ts"
import { rich, type Seen, type Trial } from "../trial.ts"

const forms: ReadonlyArray<Form> = ["rich", "plain"]

const maxReceiptBytes = 4096

const json = Schema.toCodecJson(Receipt)

/** Checks the requests for every kind of notification. */
export const payloadChecks = ({ deliver, options, plugin, service }: Trial): ReadonlyArray<Check> => {
  const given = givenTo(plugin)
  const fits = ({ exit, printed, sent }: Seen<unknown>) => {
    assert.isTrue(Exit.isSuccess(exit), printed)
    assert.isAbove(sent.length, 0, "nothing was sent")
    for (const { problems } of sent) assert.deepStrictEqual(problems(), [])
    assert.isTrue(
      sent.slice(0, -1).every(({ isIdempotent }) => isIdempotent()),
      "a request before the last one is not idempotent: a retry would send it twice. If the service allows that, return true for it in `idempotent`"
    )
  }

  const isTaken = Effect.fnUntraced(function* (notification: Notification) {
    for (const form of forms) fits(yield* deliver(notification, { form }))
  })

  /** Continues a conversation: from the receipt as it is stored, and without a receipt. */
  const isContinued = Effect.gen(function* () {
    const { exit, printed } = yield* deliver(notifications.Raised)
    if (!Exit.isSuccess(exit)) return assert.fail(printed)
    const receipt = yield* Effect.orDie(
      Effect.flatMap(Schema.encodeEffect(json)(exit.value), Schema.decodeEffect(json))
    )
    for (const notification of [notifications.Escalated, notifications.Cleared].filter(isGiven(plugin))) {
      for (const form of forms) {
        const after = (receipt: Receipt) => [{ kind: "Raised" as const, receipt }]
        for (const messages of [after(receipt), [...after(receipt), ...after(receipt)], after({}), []]) {
          fits(yield* deliver(notification, { form, conversation: { id: "one", messages } }))
        }
        // A receipt that an older version of the plugin returned.
        const old = { id: "old", messages: after({ data: { of: "an older version" } }) }
        const other = yield* deliver(notification, { form, conversation: old })
        assert.isFalse(Exit.hasDies(other.exit), other.printed)
      }
    }
  })

  /** Lists a digest's alerts in a reply to it. */
  const isListedInThread = Effect.gen(function* () {
    const { exit, printed } = yield* deliver(notifications.Digest)
    if (!Exit.isSuccess(exit)) return assert.fail(printed)
    // These settings have no threads.
    if (exit.value.data === undefined) return
    const listed = (messages: Conversation["messages"]) =>
      deliver(notifications.DigestList, { form: "plain", conversation: { id: rich.deliveryId, messages } })
    const reply = yield* listed([{ kind: "Digest", receipt: exit.value }])
    fits(reply)
    assert.notStrictEqual(
      reply.sent[0]?.wire(),
      (yield* listed([])).sent[0]?.wire(),
      "the list of a digest's alerts does not refer to the digest's receipt, so it is not in its thread"
    )
  })

  const isWithinSize = Effect.fnUntraced(function* (notification: Notification) {
    const { sent } = yield* deliver(notification, { form: "plain" })
    const texts = sent.flatMap(({ shows }) => previewTexts(shows()))
    assert.isAtMost(
      texts.join("\n").length,
      plugin.sizes.text,
      "the text that `read` returns is longer than `sizes.text`"
    )
  })

  const isReceiptSmall = Effect.fnUntraced(function* (notification: Notification) {
    const { exit, printed } = yield* deliver(notification)
    if (!Exit.isSuccess(exit)) return assert.fail(printed)
    assert.isTrue(Schema.is(Receipt)(exit.value), "`deliver` returns something other than a Receipt")
    const bytes = new TextEncoder().encode(JSON.stringify(exit.value.data ?? null)).length
    assert.isAtMost(bytes, maxReceiptBytes)
  })

  return [
    ...Object.entries(given).map(([what, notification]) => ({
      name: `sends what the service accepts for ${what}`,
      run: isTaken(notification)
    })),
    {
      name: "sends what the service accepts for any notification",
      run: always(ifGiven(plugin, isTaken), options.generate)
    },
    { name: "continues from its own receipt, and without one", run: isContinued },
    ...(plugin.capabilities.thread === true && isGiven(plugin)(notifications.DigestList)
      ? [{ name: "lists the alerts of a digest in a reply to it", run: isListedInThread }]
      : []),
    ...(service.isRead
      ? [
          {
            name: "keeps its plain form within the size that it declares",
            run: Effect.andThen(
              Effect.forEach(Object.values(given), isWithinSize),
              always(ifGiven(plugin, isWithinSize), options.generate)
            )
          }
        ]
      : []),
    {
      name: "returns a receipt of at most 4 KiB",
      run: Effect.forEach(Object.values(given), isReceiptSmall)
    }
  ]
}
