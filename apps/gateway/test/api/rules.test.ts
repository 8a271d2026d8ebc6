import { assert, describe, layer } from "@effect/vitest"
import { Clock, Effect } from "effect"
import type { Received } from "../harness/channels.ts"
import { ownFixture, SharedHarness } from "../harness/gateway.ts"

/** A raised alert of the test's own, told in both rooms. */
const raised = Effect.fnUntraced(function* (id: string, options: { readonly notifyOnClear?: boolean } = {}) {
  const harness = yield* SharedHarness
  const channels = yield* harness.channels(id, { match: { rule: id }, ...options })
  const post = Effect.fnUntraced(function* (name: string) {
    const body = yield* ownFixture(name, id)
    const { status, text } = yield* harness.request("POST", "/v1/sources/thousandeyes", body)
    assert.strictEqual(status, 200, text)
  })
  const edit = Effect.fnUntraced(function* (changes: { readonly [name: string]: unknown }) {
    const { status, text } = yield* harness.request("PUT", `/v1/rules/${id}`, { ...channels.rule, ...changes })
    assert.strictEqual(status, 200, text)
  })
  yield* post("trigger")
  yield* channels.received(1)
  return { harness, channels, edit, post, path: `/v1/rules/${id}` }
})

describe("An edit of an alert rule", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    const edits: ReadonlyArray<{
      readonly name: string
      readonly because: string
      readonly changes: { readonly [name: string]: unknown } | undefined
    }> = [
      { name: "that no longer matches", because: "alert rule changed", changes: { match: { rule: "another" } } },
      {
        name: "that raises the least severity",
        because: "alert rule changed",
        changes: { match: { severity: "critical" } }
      },
      { name: "that disables it", because: "alert rule disabled", changes: { enabled: false } },
      {
        name: "that takes its integrations",
        because: "integration removed from the rule",
        changes: { integrations: [] }
      },
      { name: "that deletes it", because: "alert rule removed", changes: undefined }
    ]
    const apply = Effect.fnUntraced(function* (
      { edit, path, harness }: Effect.Success<ReturnType<typeof raised>>,
      changes: { readonly [name: string]: unknown } | undefined
    ) {
      if (changes !== undefined) return yield* edit(changes)
      assert.strictEqual((yield* harness.request("DELETE", path)).status, 204)
    })

    it.effect.each(edits)(
      "$name clears in this channel only, with the reason and the view at the time of the edit",
      ({ because, changes, name }) =>
        Effect.gen(function* () {
          const id = `on-${name.replaceAll(" ", "-")}`
          const own = yield* raised(id)
          const before = yield* Clock.currentTimeMillis
          yield* apply(own, changes)
          const after = yield* Clock.currentTimeMillis
          const [, cleared] = yield* own.channels.received(2)
          assert.strictEqual(cleared?.slack.color, "#9E9E9E")
          assert.strictEqual(cleared?.hipChat.color, "gray")
          assert.isFalse(cleared?.hipChat.notify)
          for (const shown of [cleared?.slack.shown, cleared?.hipChat.shown]) {
            assert.include(
              shown,
              `Cleared here: ${because} – ${id} on checkout-eu (https://app.thousandeyes.com/view/tests?__a=1200042&testId=2800817`
            )
            assert.include(shown, "The alert is still raised at its source.")
            const time = Number(/&roundId=(\d+)/.exec(shown ?? "")?.[1])
            assert.isAtLeast(time, Math.floor(before / 1000))
            assert.isAtMost(time, after / 1000)
          }
          // The alert itself goes on, and its own end is no news here any more.
          yield* own.post("trigger-cleared")
          yield* own.channels.received(2)
        })
    )

    it.effect.each(edits)("$name sends nothing with notifyOnClear off", ({ changes, name }) =>
      Effect.gen(function* () {
        const own = yield* raised(`off-${name.replaceAll(" ", "-")}`, { notifyOnClear: false })
        yield* apply(own, changes === undefined ? undefined : { notifyOnClear: false, ...changes })
        yield* own.channels.received(1)
      })
    )

    it.effect("that removes one of its integrations clears there only", () =>
      Effect.gen(function* () {
        const { edit, post, channels } = yield* raised("one-of-two")
        yield* edit({ integrations: [channels.integrations.slack] })
        yield* post("trigger-cleared")
        const received = yield* channels.received(2)
        assert.include(received[1]?.hipChat.shown, "integration removed from the rule")
        assert.include(received[1]?.slack.shown, "conditions no longer met")
      })
    )

    it.effect("there and back sends the raise again only if the clear was sent", () =>
      Effect.gen(function* () {
        const on = yield* raised("back-on")
        yield* on.edit({ enabled: false })
        yield* on.channels.received(2)
        yield* on.edit({})
        const received = yield* on.channels.received(3)
        assert.deepStrictEqual(headlines(received, "back-on"), ["Raised", "Cleared", "Raised"])

        const off = yield* raised("back-off", { notifyOnClear: false })
        yield* off.edit({ enabled: false, notifyOnClear: false })
        yield* off.edit({ notifyOnClear: false })
        yield* off.channels.received(1)
        // It is held again, so its end is told once that is wished.
        yield* off.edit({ notifyOnClear: true })
        yield* off.post("trigger-cleared")
        assert.deepStrictEqual(headlines(yield* off.channels.received(2), "back-off"), ["Raised", "Cleared"])
      })
    )

    it.effect("of notifyOnClear alone sends nothing, and counts when the alert clears", () =>
      Effect.gen(function* () {
        const { edit, post, channels } = yield* raised("toggled")
        yield* edit({ notifyOnClear: false })
        yield* edit({ notifyOnClear: true })
        yield* edit({ notifyOnClear: false })
        yield* channels.received(1)
        yield* post("trigger-cleared")
        yield* channels.received(1)
      })
    )

    it.effect("sends nothing while another rule matches", () =>
      Effect.gen(function* () {
        const { edit, channels, harness } = yield* raised("held")
        const other = {
          id: "held-too",
          name: "Other",
          match: { rule: "held" },
          integrations: channels.rule["integrations"]
        }
        assert.strictEqual((yield* harness.request("POST", "/v1/rules", other)).status, 201)
        yield* channels.received(1)
        yield* edit({ enabled: false })
        yield* channels.received(1)
        // The first held it with notifyOnClear, so the room is told when the last lets go.
        assert.strictEqual((yield* harness.request("DELETE", "/v1/rules/held-too")).status, 204)
        assert.include((yield* channels.received(2))[1]?.slack.shown, "Cleared here: alert rule removed")
      })
    )

    it.effect("that makes a rule match sends the raised alerts, with their real start", () =>
      Effect.gen(function* () {
        const { post, harness } = yield* raised("open")
        const late = yield* harness.channels("late", { match: { rule: "open" } })
        const [received] = yield* late.received(1)
        assert.include(received?.slack.shown, "Raised: open on checkout-eu")
        assert.include(received?.slack.shown, "Started: 2022-04-25 22:18:00 UTC")
        assert.include(received?.hipChat.shown, "&roundId=1650925080&")
        yield* post("trigger-cleared")
        yield* late.received(2)
        const later = yield* harness.channels("later", { match: { rule: "open" } })
        yield* later.received(0)
      })
    )
  })
})

const headlines = (received: ReadonlyArray<Received>, id: string) =>
  received.map(({ hipChat, slack }) => {
    const [slackWord, hipChatWord] = [slack.shown, hipChat.shown].map(
      (shown) => new RegExp(`(\\w+)(?: here: [\\w ]+ –|:) ${id} on`).exec(shown)?.[1]
    )
    assert.strictEqual(slackWord, hipChatWord)
    return slackWord
  })
