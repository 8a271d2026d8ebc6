import { assert, describe, layer } from "@effect/vitest"
import { AlertDetails, Explanations, RulePreview } from "@tocsin/client"
import { Alert } from "@tocsin/core"
import { Effect } from "effect"
import { Accepted, ask, errorsOf } from "../harness/answers.ts"
import { SharedWorld } from "../harness/world.ts"

const raise = (source: string, id: string, severity = "major") =>
  Effect.map(
    ask(202, "POST", "/v1/alerts", {
      source,
      id,
      severity,
      state: "raised",
      startedAt: "2026-01-01T00:00:00Z",
      rule: { name: "Latency" }
    }),
    (answer) => answer.as(Accepted).items[0]?.id ?? ""
  )

describe("People's own questions and words", () => {
  layer(SharedWorld.layer(), { excludeTestServices: true })((it) => {
    it.effect("an alert that is closed by hand is cleared, and its source cannot raise the same again", () =>
      Effect.gen(function* () {
        const world = yield* SharedWorld
        const room = yield* world.room("hand", { match: { source: "hand" } })
        const id = yield* raise("hand", "a")
        yield* room.told(1)
        const refused = yield* ask(400, "POST", `/v1/alerts/${id}/clear`, {})
        assert.include(refused.text, "/reason")
        const cleared = (yield* ask(200, "POST", `/v1/alerts/${id}/clear`, { reason: "a drill" })).as(Alert)
        assert.strictEqual(cleared.clearedBecause, "byHand")
        const { notes } = (yield* ask(200, "GET", `/v1/alerts/${id}`)).as(AlertDetails)
        assert.deepStrictEqual(
          notes.map(({ note }) => note),
          ["closed by hand: a drill"]
        )
        const [, last] = yield* room.told(2)
        assert.include(last?.slack.shown, "closed by hand")
        const again = (yield* ask(200, "POST", `/v1/alerts/${id}/clear`, { reason: "once more" })).as(Alert)
        assert.deepStrictEqual(again, cleared)
        yield* raise("hand", "a", "critical")
        yield* room.told(2)
        yield* ask(404, "POST", "/v1/alerts/nobody/clear", { reason: "x" })
      })
    )

    it.effect("explain says for each integration what decided", () =>
      Effect.gen(function* () {
        const world = yield* SharedWorld
        const room = yield* world.room("why", { match: { source: "why" } })
        yield* world.room("other", { match: { source: "other" } })
        const lone = { name: "lone", type: "slack", settings: { url: `${world.slackUrl}/services/T0/B0/lone` } }
        yield* ask(201, "POST", "/v1/integrations", { id: "lone", ...lone })
        yield* ask(201, "POST", "/v1/integrations", { id: "off", ...lone, enabled: false })
        yield* ask(201, "POST", "/v1/rules", {
          id: "to-off",
          name: "x",
          match: { source: "why" },
          integrations: ["off"]
        })
        const id = yield* raise("why", "a")
        yield* room.told(1)
        const { items } = (yield* ask(200, "GET", `/v1/alerts/${id}/explain`)).as(Explanations)
        const why = Object.fromEntries(items.map(({ integration, told, why }) => [integration, { told, why }]))
        assert.deepStrictEqual(why["why-slack"], { told: true, why: "matched by rule why: Raised delivered" })
        assert.isFalse(why["other-slack"]?.told)
        assert.match(why["other-slack"]?.why ?? "", /^rule other does not match/)
        assert.deepStrictEqual(why["lone"], { told: false, why: "no alert rule names it" })
        assert.deepStrictEqual(why["off"], { told: false, why: "rule to-off matches, the integration is disabled" })
        yield* ask(404, "GET", "/v1/alerts/nobody/explain")
      })
    )

    it.effect("a preview of a rule says what saving it would tell, and saves nothing", () =>
      Effect.gen(function* () {
        const world = yield* SharedWorld
        const room = yield* world.room("seen", { match: { source: "seen", severity: "critical" } })
        yield* raise("seen", "a", "critical")
        yield* raise("seen", "b", "minor")
        yield* raise("seen", "c", "minor")
        yield* room.told(1)
        const preview = Effect.fnUntraced(function* (changes: { readonly [name: string]: unknown }) {
          const body = { ...room.rule, ...changes }
          return (yield* ask(200, "POST", "/v1/rules/preview", body)).as(RulePreview)
        })
        const wider = yield* preview({ match: { source: "seen" } })
        assert.deepStrictEqual([wider.raise, wider.clear, wider.integrations.length], [4, 0, 2])
        const off = yield* preview({ enabled: false })
        assert.deepStrictEqual([off.raise, off.clear], [0, 2])
        assert.deepStrictEqual(yield* preview({ name: "another" }), { raise: 0, clear: 0, integrations: [] })
        const unknown = yield* ask(400, "POST", "/v1/rules/preview", { ...room.rule, integrations: ["nobody"] })
        assert.strictEqual(errorsOf(unknown)[0]?.path, "/integrations/0")
        yield* room.told(1)
      })
    )

    it.effect("a preview of a rule without an id is of a new one, whatever ids there are", () =>
      Effect.gen(function* () {
        const world = yield* SharedWorld
        const room = yield* world.room("preview", { match: { source: "held" } })
        yield* raise("held", "a", "major")
        yield* room.told(1)
        const body = { ...room.rule, id: undefined, integrations: [] }
        const { clear } = (yield* ask(200, "POST", "/v1/rules/preview", body)).as(RulePreview)
        assert.strictEqual(clear, 0)
      })
    )
  })
})
