import { assert, describe, it } from "@effect/vitest"
import { DestinationGone, Message, MessageGone, PayloadRejected, RateLimited, Unavailable } from "@tocsin/core"
import { History, holdRestored, PluginRegistry } from "@tocsin/delivery"
import { Clock, Deferred, Duration, Effect, Layer } from "effect"
import {
  accept,
  deliveries,
  engine,
  event,
  type Fixture,
  integration,
  pass,
  raise,
  rule,
  save,
  settle,
  tick
} from "../harness/engine.ts"
import { type Answer, Fake, Script } from "../harness/FakeChannel.ts"
import { crashed, newFile, storeIn } from "../harness/store.ts"

class Threaded extends Fake {
  static override readonly capabilities = { thread: true }
}

const engineOf = (script: Script, file?: string) =>
  engine(script, {
    plugins: PluginRegistry.layer([Threaded]).pipe(Layer.provide(script.layer)),
    ...(file !== undefined && { file })
  })

/** Runs a test on an engine whose channel has threads. */
const threaded = (test: (script: Script) => Effect.Effect<void, unknown, Fixture>) => () =>
  Effect.suspend(() => {
    const script = new Script()
    return Effect.provide(test(script), engineOf(script))
  })

const limits = { messages: 60, perSeconds: 60, burst: 2 }
const setUp = save(integration("ops", { limits }), rule("all"))

/** More alerts than the rate limit allows in a minute, one of them more severe than the others. */
const storm = (count: number, name = "rule") =>
  accept(
    ...Array.from({ length: count }, (_, n) =>
      event(`a${n}`, { severity: n === 70 ? "major" : "minor", rule: { name: `${name} ${n % 3}` } })
    )
  )

/** Time for replies at the pace of the rate limit, one second at a time. */
const seconds = Effect.repeat(tick, { times: 9 })

const replies = (script: Script) =>
  script.sent.flatMap(({ form, notification, receipt }) =>
    notification._tag === "DigestList" ? [{ ...notification, form, receipt }] : []
  )

const outcomesOfReplies = Effect.map(deliveries, (all) =>
  all.filter(({ kind }) => kind === "DigestList").map(({ cause, status }) => `${status}: ${cause ?? ""}`)
)

describe("The replies to a digest (D5)", () => {
  it.effect(
    "list all of its alerts in its thread, the most severe first, and history counts them",
    threaded((script) =>
      Effect.gen(function* () {
        yield* setUp
        yield* storm(120)
        yield* seconds
        assert.deepStrictEqual(script.kinds("ops"), ["Digest", "DigestList", "DigestList"])
        const [first, second] = replies(script)
        assert(first && second)
        assert.deepStrictEqual(first.alerts[0], { text: "Raised: rule 1", severity: "major" })
        assert.lengthOf([...first.alerts, ...second.alerts], 120)
        assert.deepStrictEqual([first.first, second.first], [1, first.alerts.length + 1])
        assert.deepStrictEqual([first.parts, second.part, second.omitted], [2, 2, 0])
        // The receipt of the digest, which was the first message.
        assert.deepStrictEqual([first.receipt, second.receipt], [1, 1])
        for (const reply of [first, second]) {
          assert.strictEqual(reply.form, "plain")
          const text = Message.plainText(Message.fromNotification(reply), Threaded.sizes.text)
          assert.notInclude(text, "more")
        }
        const digest = (yield* deliveries).find(({ kind }) => kind === "Digest")
        assert(digest)
        assert.strictEqual(digest.cause, "2 replies in its thread list its alerts")
        const [one] = (yield* deliveries).filter(({ kind }) => kind === "DigestList")
        assert.strictEqual(one?.transitions[0]?.cause, `reply 1 of 2 to the digest ${digest.id}: lists its alerts`)
        assert.strictEqual(one.status, "delivered")
      })
    )
  )

  it.effect(
    "are three at most, however many alerts there are; the last one counts the others",
    threaded((script) =>
      Effect.gen(function* () {
        yield* setUp
        yield* storm(500, "a rule with a name as long as names of rules can be in practice")
        yield* seconds
        const all = replies(script)
        assert.lengthOf(all, 3)
        const listed = all.reduce((sum, { alerts }) => sum + alerts.length, 0)
        assert.isBelow(listed, 500)
        assert.deepStrictEqual(
          all.map(({ omitted }) => omitted),
          [0, 0, 500 - listed]
        )
      })
    )
  )

  it.effect(
    "wait for everything else, and leave the rate limit a message for a critical alert",
    threaded((script) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        yield* setUp
        script.next("ops", { gate })
        yield* storm(120)
        yield* tick
        yield* raise("minor", { severity: "minor" })
        yield* Deferred.succeed(gate, undefined)
        yield* Effect.repeat(tick, { while: () => replies(script).length === 0 })
        assert.deepStrictEqual(script.kinds("ops").slice(0, 3), ["Digest", "Raised", "DigestList"])
        const before = yield* Clock.currentTimeMillis
        yield* raise("critical", { severity: "critical" })
        yield* tick
        const last = script.sent.at(-1)
        assert(last)
        assert.strictEqual(last.kind, "Raised")
        assert.strictEqual(last.at, before)
        yield* pass("5 seconds")
        assert.strictEqual(script.kinds("ops").at(-1), "DigestList")
      })
    )
  )

  const ended: ReadonlyArray<readonly [what: string, answer: Answer, cause: string]> = [
    [
      "is not answered",
      { fail: new Unavailable({ detail: "cut", unanswered: true }) },
      "not repeated: Unavailable: cut"
    ],
    ["is refused", { fail: new PayloadRejected({ detail: "HTTP 400" }) }, "not repeated: PayloadRejected: HTTP 400"],
    ["finds no digest", { fail: new MessageGone({ detail: "gone" }) }, "not repeated: MessageGone: gone"],
    ["finds no channel", { fail: new DestinationGone({ detail: "gone" }) }, "not repeated: DestinationGone: gone"],
    ["meets a bug", "die", "not repeated: The plugin failed: Error in deliver"]
  ]
  for (const [what, answer, cause] of ended) {
    it.effect(
      `end with one that ${what}, which is neither repeated nor dead, and blocks nothing`,
      threaded((script) =>
        Effect.gen(function* () {
          yield* setUp
          script.next("ops", "ok", answer, answer, answer)
          yield* storm(200)
          yield* seconds
          assert.deepStrictEqual(script.kinds("ops"), ["Digest", "DigestList", "DigestList", "DigestList"])
          assert.deepStrictEqual(yield* outcomesOfReplies, Array(3).fill(`superseded: ${cause}`))
          yield* raise("later")
          yield* tick
          assert.strictEqual(script.kinds("ops").at(-1), "Raised")
          assert.isTrue(
            (yield* deliveries).every(({ kind, status }) => kind === "DigestList" || status === "delivered")
          )
        })
      )
    )
  }

  for (const reason of [
    new Unavailable({ detail: "HTTP 503" }),
    new RateLimited({ detail: "HTTP 429", retryAfter: Duration.seconds(5) })
  ]) {
    it.effect(
      `are sent later if the service is ${reason._tag}`,
      threaded((script) =>
        Effect.gen(function* () {
          yield* setUp
          script.next("ops", "ok", { fail: reason })
          yield* storm(100)
          yield* seconds
          const kinds = script.kinds("ops")
          assert.deepStrictEqual(kinds.slice(0, 3), ["Digest", "DigestList", "DigestList"])
          assert.isTrue((yield* outcomesOfReplies).every((outcome) => outcome.startsWith("delivered")))
        })
      )
    )
  }

  it.effect(
    "are sent where an edit during the digest's attempt leaves the settings as they are",
    threaded((script) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        yield* setUp
        script.next("ops", { gate })
        yield* storm(120)
        yield* tick
        yield* save(integration("ops", { limits, name: "renamed" }))
        yield* Deferred.succeed(gate, undefined)
        yield* seconds
        assert.deepStrictEqual(script.kinds("ops"), ["Digest", "DigestList", "DigestList"])
      })
    )
  )

  it.effect(
    "are not sent after an edit of the settings, nor an hour after the digest",
    threaded((script) =>
      Effect.gen(function* () {
        yield* setUp
        yield* storm(120)
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Digest"])
        yield* save(integration("ops", { limits, settings: { channel: "other" } }))
        yield* seconds
        assert.deepStrictEqual(yield* outcomesOfReplies, Array(2).fill("superseded: by the edit"))
        assert.deepStrictEqual(script.kinds("other"), [])
        yield* accept(...Array.from({ length: 120 }, (_, n) => event(`b${n}`)))
        yield* settle
        yield* save(integration("ops", { limits, settings: { channel: "other" }, enabled: false }))
        yield* pass("1 hour")
        yield* save(integration("ops", { limits, settings: { channel: "other" } }))
        yield* seconds
        assert.deepStrictEqual((yield* outcomesOfReplies).slice(2), Array(2).fill("superseded: expired"))
        assert.notInclude(script.kinds("other"), "DigestList")
      })
    )
  )

  it.effect("that have expired use no message of the rate limit, and pause no integration after a restore", () =>
    Effect.gen(function* () {
      const file = newFile()
      const script = new Script()
      const left = yield* Effect.gen(function* () {
        yield* setUp
        yield* storm(120)
        yield* settle
        yield* save(integration("ops", { enabled: false }))
        yield* pass("1 hour")
        return yield* crashed(file)
      }).pipe(Effect.provide(engineOf(script, file)))
      assert.deepStrictEqual(yield* Effect.provide(holdRestored("the backup"), storeIn(left)), [])
      yield* Effect.gen(function* () {
        yield* save(integration("ops", { limits: { messages: 1, perSeconds: 60, burst: 1 } }))
        assert.deepStrictEqual(yield* outcomesOfReplies, Array(2).fill("superseded: expired"))
        yield* raise("later")
        yield* settle
        assert.deepStrictEqual(script.kinds("ops"), ["Digest", "Raised"])
      }).pipe(Effect.provide(engineOf(script, left)))
    })
  )

  it.effect(
    "are not sent without a receipt to reply to",
    threaded((script) =>
      Effect.gen(function* () {
        yield* setUp
        script.next("ops", { give: {} })
        yield* storm(120)
        yield* seconds
        assert.deepStrictEqual(script.kinds("ops"), ["Digest"])
        assert.deepStrictEqual(yield* outcomesOfReplies, [])
      })
    )
  )

  it.effect("are sent after a crash that follows the digest; one in flight is not repeated, nor is the digest", () =>
    Effect.gen(function* () {
      const file = newFile()
      const first = new Script()
      const gate = yield* Deferred.make<void>()
      first.next("ops", "ok", { gate })
      const left = yield* Effect.gen(function* () {
        yield* Effect.addFinalizer(() => Deferred.succeed(gate, undefined))
        yield* setUp
        yield* storm(120)
        yield* seconds
        assert.deepStrictEqual(first.kinds("ops"), ["Digest", "DigestList"])
        return yield* crashed(file)
      }).pipe(Effect.scoped, Effect.provide(engineOf(first, file)))

      const second = new Script()
      yield* Effect.gen(function* () {
        yield* seconds
        assert.deepStrictEqual(second.kinds("ops"), ["DigestList"])
        assert.deepStrictEqual(replies(second)[0]?.receipt, 1)
        const [inFlight, next] = yield* outcomesOfReplies
        assert.strictEqual(inFlight, "superseded: not repeated: the gateway stopped during the attempt")
        assert.match(next ?? "", /^delivered/)
        const { total } = yield* History.use(({ list }) => list({ status: ["dead"], limit: 1 }))
        assert.strictEqual(total, 0)
      }).pipe(Effect.provide(engineOf(second, left)))
    })
  )
})
