import { assert, describe, layer } from "@effect/vitest"
import { Consequences, Integration, Lane, Source } from "@tocsin/client"
import { Effect, Schema } from "effect"
import { ask, listOf } from "../harness/answers.ts"
import { eventually } from "../harness/gate.ts"
import { SharedHarness } from "../harness/gateway.ts"

const raise = (source: string, id: string) =>
  ask(202, "POST", "/v1/alerts", {
    source,
    id,
    state: "raised",
    startedAt: "2026-01-01T00:00:00Z",
    rule: { name: "Latency" }
  })

const Activities = Schema.Struct({
  items: Schema.Array(Schema.Struct({ integration: Schema.String, delivered: Schema.Array(Schema.Number) }))
})

describe("Lanes, integrations and sources, for operators", () => {
  layer(SharedHarness.layer({ TOCSIN_PUBLIC_URL: "https://alerts.example/below" }), { excludeTestServices: true })(
    (it) => {
      it.effect("a paused integration queues deliveries, and sends them when it is resumed", () =>
        Effect.gen(function* () {
          const harness = yield* SharedHarness
          const channels = yield* harness.channels("rest", { match: { source: "rest" } })
          const path = "/v1/integrations/rest-slack"
          yield* ask(400, "POST", `${path}/pause`, {})
          yield* ask(404, "POST", "/v1/integrations/nobody/pause", { reason: "x" })
          const paused = (yield* ask(200, "POST", `${path}/pause`, { reason: "A move" })).as(Integration)
          assert.strictEqual(paused.paused?.reason, "A move")
          assert.isTrue(paused.enabled)
          // Of two who pause it, the first one's reason stays.
          const again = (yield* ask(200, "POST", `${path}/pause`, { reason: "Another" })).as(Integration)
          assert.strictEqual(again.paused?.reason, "A move")
          yield* raise("rest", "a")
          const lane = Effect.map(ask(200, "GET", "/v1/lanes"), ({ as }) =>
            as(listOf(Lane)).items.find(({ integration }) => integration === "rest-slack")
          )
          // The other integration of the rule is sent to meanwhile.
          yield* eventually(
            "the other message",
            Effect.sync(() => harness.hipChat.messages.length),
            (sent) => sent > 0
          )
          const waiting = yield* lane
          assert.deepStrictEqual([waiting?.pending, waiting?.paused?.reason], [1, "A move"])
          assert.isDefined(waiting?.oldestAt)
          assert.lengthOf(harness.slack.messages, 0)
          const resumed = (yield* ask(200, "POST", `${path}/resume`, { reason: "Moved" })).as(Integration)
          assert.isUndefined(resumed.paused)
          yield* channels.received(1)
          const after = yield* eventually("an empty lane", lane, (one) => one?.pending === 0)
          assert.deepStrictEqual(after?.circuit, { state: "closed" })
          assert.isDefined(after?.rateLimit)
          const activity = (yield* ask(200, "GET", "/v1/lanes/activity")).as(Activities)
          assert.lengthOf(activity.items.find(({ integration }) => integration === "rest-slack")?.delivered ?? [], 24)
        })
      )

      it.effect("an integration shows which rules use it, and its last failure", () =>
        Effect.gen(function* () {
          const harness = yield* SharedHarness
          yield* harness.channels("fails", { match: { source: "fails" } })
          const integration = Effect.map(ask(200, "GET", "/v1/integrations/fails-slack"), ({ as }) => as(Integration))
          assert.include(
            (yield* integration).rules.map(({ id }) => String(id)),
            "fails"
          )
          assert.isUndefined((yield* integration).lastFailure)
          harness.slackGate.hold()
          yield* raise("fails", "a")
          yield* eventually("the attempt", Effect.sync(harness.slackGate.held), (held) => held > 0)
          harness.slackGate.open("drop")
          const failed = yield* eventually("the failure", integration, ({ lastFailure }) => lastFailure !== undefined)
          assert.match(failed.lastFailure?.reason ?? "", /^Unavailable: /)
        })
      )

      it.effect("the consequences of an edit are shown before it is saved", () =>
        Effect.gen(function* () {
          const harness = yield* SharedHarness
          const hook = { type: "slack", settings: { url: `${harness.slackUrl}/services/T0/B0/later` } }
          const later = { ...hook, id: "later", name: "Later", enabled: false }
          yield* ask(201, "POST", "/v1/integrations", later)
          yield* ask(201, "POST", "/v1/rules", {
            id: "later",
            name: "Later",
            match: { source: "later" },
            integrations: ["later"]
          })
          yield* raise("later", "a")
          yield* raise("later", "b")
          const of = (body: unknown) =>
            Effect.map(ask(200, "POST", "/v1/integrations/consequences", body), ({ as }) => as(Consequences))
          const enabled = yield* of({ ...later, enabled: true })
          assert.deepStrictEqual([enabled.raise, enabled.clear], [2, 0])
          assert.strictEqual(enabled.integrations[0]?.integration, "later")
          assert.strictEqual((yield* of(later)).raise, 0)
          const removed = yield* of({ remove: "later" })
          assert.deepStrictEqual(
            removed.rules.map(({ id, integrationsLeft }) => [String(id), integrationsLeft]),
            [["later", 0]]
          )
          yield* ask(404, "POST", "/v1/integrations/consequences", { remove: "nobody" })
          yield* ask(200, "GET", "/v1/integrations/later")
        })
      )

      it.effect("a digest of more alerts than the rate limit allows in a minute has a page", () =>
        Effect.gen(function* () {
          const harness = yield* SharedHarness
          const settings = { url: `${harness.slackUrl}/services/T0/B0/digest` }
          const limits = { messages: 1, perSeconds: 20, burst: 1 }
          yield* ask(201, "POST", "/v1/integrations", { id: "digest", name: "Digest", type: "slack", settings, limits })
          const match = { source: "many" }
          yield* ask(201, "POST", "/v1/rules", { id: "digest", name: "Digest", match, integrations: ["digest"] })
          const alert = {
            source: "many",
            state: "raised",
            startedAt: "2026-01-01T00:00:00Z",
            rule: { name: "Latency" }
          }
          yield* ask(
            202,
            "POST",
            "/v1/alerts",
            ["a", "b", "c", "d", "e", "f"].map((id) => ({ ...alert, id }))
          )
          const lane = Effect.map(ask(200, "GET", "/v1/lanes"), ({ as }) =>
            as(listOf(Lane)).items.find(({ integration }) => integration === "digest")
          )
          const { lastDigest } = (yield* eventually(
            "the digest",
            lane,
            (lane) => lane?.lastDigest?.status === "delivered"
          )) ?? { lastDigest: undefined }
          assert.isAbove(lastDigest?.included ?? 0, 3)
          const page = lastDigest?.page?.pathname.replace(/^\/below/, "") ?? "none"
          const { text } = yield* ask(200, "GET", page)
          assert.match(text, /<h1>\d alerts<\/h1>/)
        })
      )

      it.effect("sources are listed with the number of their events", () =>
        Effect.gen(function* () {
          yield* raise("scripts", "a")
          yield* ask(400, "POST", "/v1/sources/thousandeyes", "not json")
          const { items } = (yield* ask(200, "GET", "/v1/sources")).as(listOf(Source))
          const of = (source: string) => items.find(({ name }) => name === source)
          assert.deepInclude(of("scripts"), { type: "json", address: "/v1/alerts", state: "ok", unreadable24h: 0 })
          assert.strictEqual(of("scripts")?.events24h, 1)
          assert.isDefined(of("scripts")?.lastEventAt)
          assert.deepInclude(of("thousandeyes"), {
            address: "/v1/sources/thousandeyes",
            state: "unreadable",
            events24h: 0
          })
          assert.strictEqual(of("thousandeyes")?.unreadable24h, 1)
        })
      )
    }
  )
})
