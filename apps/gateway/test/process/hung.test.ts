import { assert, describe, it } from "@effect/vitest"
import { Integration } from "@tocsin/client"
import { FakeServer } from "@tocsin/core/fakes"
import { FakeSlack, show } from "@tocsin/plugin-slack/testing"
import { Effect } from "effect"
import { Delivery, listOf } from "../harness/answers.ts"
import { eventually, until } from "../harness/gate.ts"
import { fast } from "../harness/channels.ts"
import { makeInProcess, type Harness } from "../harness/gateway.ts"

describe("While a service fails", () => {
  it.live("one that never answers delays no other", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess()
      const channels = yield* harness.channels("ops", { match: { source: "many" } })
      harness.slackGate.hold()
      yield* post(
        harness,
        Array.from({ length: 200 }, (_, n) => alert("many", `a${n}.`))
      )
      yield* until("HipChat's messages", () => harness.hipChat.messages.length === 200)
      assert.lengthOf(harness.slack.messages, 0)
      // HipChat's lane waited for none of them.
      yield* until("all attempts that may be in flight", () => harness.slackGate.held() >= 64)
      assert.strictEqual(harness.slackGate.arrived(), 64)
      harness.slackGate.open()
      yield* channels.received(200)
    })
  )

  it.live("one that answers 403 is replaced by its fallback, and gets its messages at once when it is fixed", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess()
      const slack = new FakeSlack()
      const revoked = new Set<string>()
      const url = yield* FakeServer.serve({
        answer: (request) =>
          revoked.has(request.url)
            ? { status: 403, headers: { "content-type": "text/html" }, body: "invalid_token" }
            : slack.answer(request)
      })
      const integration = (id: string, path: string, more = {}) => ({
        id,
        name: id,
        type: "slack",
        limits: fast,
        settings: { url: `${url}/services/${path}` },
        ...more
      })
      const shown = Effect.map(harness.request("GET", "/v1/integrations/ops"), ({ as }) => as(Integration))
      /** What each place was told, of which alert. */
      const received = () =>
        slack.messages.map(({ payload, url }) => {
          const [, word, id] = /(\w+): Hook.*alert (\w+)\./s.exec(show(payload)) ?? []
          return `${url.slice("/services/".length)}: ${word} ${id}`
        })
      const saved = [
        yield* harness.request("POST", "/v1/integrations", integration("backup", "backup")),
        yield* harness.request("POST", "/v1/integrations", integration("ops", "old", { fallback: "backup" })),
        yield* harness.request("POST", "/v1/rules", {
          name: "all",
          match: {},
          integrations: ["ops"],
          notifyOnClear: true
        })
      ]
      assert.deepStrictEqual(
        saved.map(({ status }) => status),
        [201, 201, 201]
      )

      yield* post(harness, [alert("hook", "a.")])
      yield* until("the first message", () => received().length === 1)
      revoked.add("/services/old")
      yield* post(harness, [alert("hook", "b.")])
      yield* until("the fallback's message", () => received().length === 2)
      const { broken, state } = yield* shown
      assert.strictEqual(state, "broken")
      assert.include(broken?.reason, "Unauthorized: HTTP 403: invalid_token")
      // Its raise was told there, and nowhere else: it waits for the hook.
      yield* post(harness, [alert("hook", "a.", "cleared")])

      const put = yield* harness.request(
        "PUT",
        "/v1/integrations/ops",
        integration("ops", "new", { fallback: "backup" })
      )
      assert.strictEqual(put.status, 200)
      yield* until("the clear that waited", () => received().length === 3)
      yield* post(harness, [alert("hook", "c."), alert("hook", "b.", "cleared")])
      yield* until("the last messages", () => received().length === 5)
      assert.deepStrictEqual(received().slice(0, 3), ["old: Raised a", "backup: Raised b", "new: Cleared a"])
      assert.sameMembers(received().slice(3), ["new: Raised c", "backup: Cleared b"])
      assert.strictEqual((yield* shown).state, "ok")
      yield* eventually(
        "all deliveries to end",
        Effect.map(harness.request("GET", "/v1/deliveries"), ({ as }) => as(listOf(Delivery)).items),
        (items) => items.every(({ status }) => ["delivered", "diverted", "superseded"].includes(status))
      )
    })
  )
})

const alert = (source: string, id: string, state = "raised") => ({
  source,
  id,
  state,
  startedAt: "2026-01-01T00:00:00Z",
  rule: { name: "Hook" }
})

const post = Effect.fnUntraced(function* (harness: Harness, body: unknown) {
  const { status, text } = yield* harness.request("POST", "/v1/alerts", body)
  assert.strictEqual(status, 202, text)
})
