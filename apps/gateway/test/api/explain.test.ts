import { assert, describe, layer } from "@effect/vitest"
import {
  AlertDetails,
  AlertSummary,
  Explanations,
  MatchPreview,
  Redelivered,
  RulePreview,
  Timeline
} from "@tocsin/client"
import { Alert } from "@tocsin/core"
import { Effect } from "effect"
import { Accepted, ask, errorsOf, listOf } from "../harness/answers.ts"
import { eventually } from "../harness/gate.ts"
import { SharedHarness } from "../harness/gateway.ts"

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

describe("Questions and actions of operators", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect("an alert that is closed by hand is cleared, and its source cannot raise the same episode again", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const channels = yield* harness.channels("hand", { match: { source: "hand" } })
        const id = yield* raise("hand", "a")
        yield* channels.received(1)
        const refused = yield* ask(400, "POST", `/v1/alerts/${id}/clear`, {})
        assert.include(refused.text, "/reason")
        const cleared = (yield* ask(200, "POST", `/v1/alerts/${id}/clear`, { reason: "a drill" })).as(Alert)
        assert.strictEqual(cleared.clearedBecause, "byHand")
        const { notes } = (yield* ask(200, "GET", `/v1/alerts/${id}`)).as(AlertDetails)
        assert.deepStrictEqual(
          notes.map(({ note }) => note),
          ["closed by hand: a drill"]
        )
        const [, last] = yield* channels.received(2)
        assert.include(last?.slack.shown, "closed by hand")
        const again = (yield* ask(200, "POST", `/v1/alerts/${id}/clear`, { reason: "once more" })).as(Alert)
        assert.deepStrictEqual(again, cleared)
        yield* raise("hand", "a", "critical")
        yield* channels.received(2)
        yield* ask(404, "POST", "/v1/alerts/nobody/clear", { reason: "x" })
      })
    )

    it.effect("explain gives the decisive reason for each integration", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const channels = yield* harness.channels("why", { match: { source: "why" } })
        yield* harness.channels("other", { match: { source: "other" } })
        const lone = { name: "lone", type: "slack", settings: { url: `${harness.slackUrl}/services/T0/B0/lone` } }
        yield* ask(201, "POST", "/v1/integrations", { id: "lone", ...lone })
        yield* ask(201, "POST", "/v1/integrations", { id: "off", ...lone, enabled: false })
        yield* ask(201, "POST", "/v1/rules", {
          id: "to-off",
          name: "x",
          match: { source: "why" },
          integrations: ["off"]
        })
        const id = yield* raise("why", "a")
        yield* channels.received(1)
        const { items } = (yield* ask(200, "GET", `/v1/alerts/${id}/explain`)).as(Explanations)
        const why = Object.fromEntries(items.map(({ integration, told, why }) => [integration, { told, why }]))
        assert.deepStrictEqual(why["why-slack"], { told: true, why: 'matched by rule "why": Raised delivered' })
        assert.isFalse(why["other-slack"]?.told)
        assert.match(why["other-slack"]?.why ?? "", /^rule "other" does not match/)
        assert.deepStrictEqual(why["lone"], { told: false, why: "no alert rule names it" })
        assert.deepStrictEqual(why["off"], { told: false, why: 'rule "x" matches, and the integration is disabled' })
        yield* ask(404, "GET", "/v1/alerts/nobody/explain")
      })
    )

    it.effect("history names the rule and the alert, and counts who was notified like the list", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const hook = { type: "slack", settings: { url: `${harness.slackUrl}/services/T0/B0/unnamed` } }
        for (const id of ["unnamed", "unused"]) yield* ask(201, "POST", "/v1/integrations", { ...hook, id, name: id })
        yield* ask(201, "POST", "/v1/rules", {
          name: "Disk, or memory",
          match: { source: "unnamed" },
          integrations: ["unnamed"],
          notifyOnClear: true
        })
        const id = yield* raise("unnamed", "a")
        const delivered = (count: number) =>
          eventually(
            "the messages",
            Effect.map(ask(200, "GET", `/v1/alerts/${id}`), (answer) => answer.as(AlertDetails)),
            ({ deliveries }) => deliveries.filter(({ status }) => status === "delivered").length === count
          )
        yield* delivered(1)
        yield* ask(200, "POST", `/v1/alerts/${id}/clear`, { reason: "a drill" })
        const { deliveries, notified } = yield* delivered(2)
        assert.deepStrictEqual([...new Set(deliveries.map(({ alertName }) => alertName))], ["Latency"])
        const texts = (yield* ask(200, "GET", `/v1/alerts/${id}/timeline`)).as(Timeline).items.map(({ text }) => text)
        assert.include(texts, 'Raised was planned: matched by rule "Disk, or memory"')
        assert.include(texts, "Cleared: closed by hand")
        assert.include(texts, 'Cleared was planned: closed: closed by hand; was matched by rule "Disk, or memory"')
        const listed = (yield* ask(200, "GET", "/v1/alerts?source=unnamed")).as(listOf(AlertSummary))
        assert.deepStrictEqual(listed.items[0]?.notified, notified)
        assert.strictEqual(notified.of, 1)
      })
    )

    it.effect("history names the integration whose fallback was notified, and the fallback", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const standby = { type: "slack", settings: { url: `${harness.slackUrl}/services/T0/B0/standby` } }
        yield* ask(201, "POST", "/v1/integrations", { ...standby, id: "standby", name: "Standby, at home" })
        yield* ask(201, "POST", "/v1/integrations", {
          id: "night",
          name: "Night shift",
          type: "hipchat",
          settings: { url: `${harness.hipChatUrl}/v2/room/44/notification`, authToken: "wrong" },
          fallback: "standby"
        })
        yield* ask(201, "POST", "/v1/rules", { name: "Nights", match: { source: "night" }, integrations: ["night"] })
        const id = yield* raise("night", "a")
        const found = yield* eventually(
          "the message at the fallback",
          Effect.map(ask(200, "GET", `/v1/alerts/${id}`), (answer) => answer.as(AlertDetails)),
          ({ deliveries }) => deliveries.some(({ status }) => status === "delivered")
        )
        const causes = found.deliveries.map(({ cause }) => cause)
        assert.isTrue(
          causes.some((cause) => cause?.startsWith("to Standby, at home: ")),
          causes.join("\n")
        )
        const texts = (yield* ask(200, "GET", `/v1/alerts/${id}/timeline`)).as(Timeline).items.map(({ text }) => text)
        assert.include(texts, "Raised was planned: matched by the fallback for Night shift")
        const { items } = (yield* ask(200, "GET", `/v1/alerts/${id}/explain`)).as(Explanations)
        const why = items.flatMap((one) => (one.integration === "night" ? [one.why] : []))
        assert.match(why.join(""), /^matched by rule "Nights": Raised diverted \(to Standby, at home: /)
      })
    )

    it.effect("explain names the outcome, and the condition that failed for a rule that does not match", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const channels = yield* harness.channels("outcome", { match: { source: "outcome" } })
        const hook = { type: "slack", settings: { url: `${harness.slackUrl}/services/T0/B0/outcome` } }
        for (const id of ["picky", "asleep"]) yield* ask(201, "POST", "/v1/integrations", { ...hook, id, name: id })
        const rule = { match: { source: "outcome", severity: "critical", labels: { team: "n*" } }, name: "Picky" }
        yield* ask(201, "POST", "/v1/rules", { ...rule, id: "picky", integrations: ["picky"] })
        yield* ask(201, "POST", "/v1/rules", {
          id: "asleep",
          name: "A",
          match: {},
          enabled: false,
          integrations: ["asleep"]
        })
        const id = yield* raise("outcome", "a", "minor")
        yield* channels.received(1)
        const { items } = (yield* ask(200, "GET", `/v1/alerts/${id}/explain`)).as(Explanations)
        const of = (name: string) => items.find(({ integration }) => integration === name)
        assert.strictEqual(of("outcome-slack")?.outcome, "delivered")
        assert.isString(of("outcome-slack")?.delivery)
        assert.deepStrictEqual(
          of("outcome-slack")?.rules.map(({ id }) => String(id)),
          ["outcome"]
        )
        assert.strictEqual(of("asleep")?.outcome, "ruleDisabled")
        assert.strictEqual(of("asleep")?.why, 'rule "A" would match, and is disabled')
        assert.deepStrictEqual(
          of("asleep")?.rules.map(({ id }) => String(id)),
          ["asleep"]
        )
        const { nearest, outcome } = of("picky") ?? {}
        assert.strictEqual(outcome, "notMatched")
        assert.deepStrictEqual(nearest?.failed, [
          { condition: "severity", wanted: "critical or more severe", found: "minor" },
          { condition: "labels/team", wanted: "n*" }
        ])
      })
    )

    it.effect("explain says what a delivery waits for, and the timeline who paused the integration", () =>
      Effect.gen(function* () {
        const { slackUrl } = yield* SharedHarness
        const settings = { url: `${slackUrl}/services/T0/B0/waits` }
        const limits = { messages: 1, perSeconds: 3600, burst: 1 }
        for (const id of ["slow", "still"]) {
          yield* ask(201, "POST", "/v1/integrations", { id, name: `The ${id} one`, type: "slack", settings, limits })
        }
        const match = { source: "waits" }
        yield* ask(201, "POST", "/v1/rules", { name: "Waits", match, integrations: ["slow", "still"] })
        yield* ask(200, "POST", "/v1/integrations/still/pause", { reason: "Before" })
        yield* ask(200, "POST", "/v1/integrations/still/resume", { reason: "It was over" })
        yield* ask(200, "POST", "/v1/integrations/still/pause", { reason: "The room moves" })
        const explained = (id: string) =>
          Effect.map(ask(200, "GET", `/v1/alerts/${id}/explain`), (answer) => {
            const { items } = answer.as(Explanations)
            return (integration: string) => items.find((item) => item.integration === integration)
          })
        const first = yield* raise("waits", "a")
        yield* eventually("the first message", explained(first), (of) => of("slow")?.outcome === "delivered")
        const id = yield* raise("waits", "b")
        const of = yield* explained(id)
        assert.match(of("slow")?.why ?? "", /; waits for the rate limit of The slow one$/)
        assert.isAbove(of("slow")?.until?.epochMilliseconds ?? 0, Date.now())
        assert.match(of("still")?.why ?? "", /; waits because 127.0.0.1 paused The still one: The room moves$/)
        assert.isUndefined(of("still")?.until)
        yield* ask(200, "POST", "/v1/integrations/still/resume", { reason: "It moved" })
        const { items } = (yield* ask(200, "GET", `/v1/alerts/${id}/timeline`)).as(Timeline)
        assert.deepStrictEqual(
          items.filter(({ kind }) => kind === "paused" || kind === "resumed").map(({ by, text }) => [text, by]),
          [
            ["Paused: Before", "127.0.0.1"],
            ["Resumed: It was over", "127.0.0.1"],
            ["Paused: The room moves", "127.0.0.1"],
            ["Resumed: It moved", "127.0.0.1"]
          ]
        )
      })
    )

    it.effect("the timeline names who edited a rule, each time", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const channels = yield* harness.channels("edited", { match: { source: "edited" } })
        const id = yield* raise("edited", "a")
        yield* channels.received(1)
        for (const user of ["ann", "bob"]) {
          const { createdAt: _, updatedAt: __, ...rule } = JSON.parse((yield* ask(200, "GET", "/v1/rules/edited")).text)
          yield* ask(200, "PUT", "/v1/rules/edited", { ...rule, name: `by ${user}` })
        }
        const { items } = (yield* ask(200, "GET", `/v1/alerts/${id}/timeline`)).as(Timeline)
        const edits = items.filter(({ kind }) => kind === "ruleEdited")
        assert.deepStrictEqual(
          edits.map(({ by, rule, text }) => [by, rule, text]),
          [
            ["this machine at 127.0.0.1", "edited", "Rule by bob was edited"],
            ["this machine at 127.0.0.1", "edited", "Rule by bob was edited"]
          ]
        )
      })
    )

    it.effect("the timeline lists events and attempts in order", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const channels = yield* harness.channels("line", { match: { source: "line" } })
        const id = yield* raise("line", "a")
        yield* channels.received(1)
        yield* ask(200, "POST", `/v1/alerts/${id}/clear`, { reason: "a drill" })
        yield* channels.received(2)
        const { items } = (yield* ask(200, "GET", `/v1/alerts/${id}/timeline`)).as(Timeline)
        const times = items.map(({ at }) => at.epochMilliseconds)
        assert.deepStrictEqual(
          times,
          times.toSorted((a, b) => a - b)
        )
        const ofSlack = items.filter(({ integration }) => integration === "line-slack")
        const steps = ["planned", "attempt", "delivered"]
        assert.deepStrictEqual(
          ofSlack.map(({ kind }) => kind),
          [...steps, ...steps]
        )
        assert.deepInclude(ofSlack[1]?.attempt, { number: 1, outcome: "Delivered" })
        assert.isTrue(items.some(({ kind, text }) => kind === "received" && text.includes("a drill")))
        yield* ask(404, "GET", "/v1/alerts/nobody/timeline")
      })
    )

    it.effect("a match can be tried on the alerts of the last day, and filters a list", () =>
      Effect.gen(function* () {
        yield* raise("tried", "a", "critical")
        yield* raise("tried", "b", "minor")
        const tried = (yield* ask(200, "POST", "/v1/rules/matches", {
          match: { source: "tried", severity: "major" }
        })).as(MatchPreview)
        assert.deepStrictEqual([tried.total, tried.items.map(({ sourceId }) => sourceId)], [1, ["a"]])
        assert.isAtLeast(tried.of, 2)
        const query = "source=tried&severity=minor&severity=info&notNotified=true&q=LATENCY&order=oldest"
        const { items, total } = (yield* ask(200, "GET", `/v1/alerts?${query}`)).as(listOf(AlertSummary))
        assert.deepStrictEqual([total, items.map(({ sourceId }) => sourceId)], [1, ["b"]])
        assert.deepStrictEqual(items[0]?.notified, { delivered: 0, of: 0 })
        yield* ask(400, "GET", "/v1/alerts?order=sideways")
      })
    )

    it.effect("a redelivery of many can be counted first, and needs a reason for delivered ones", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const channels = yield* harness.channels("many", { match: { source: "many" } })
        const id = yield* raise("many", "a")
        yield* raise("many", "b")
        yield* channels.received(2)
        const filter = { alert: id, state: "delivered" }
        const redeliver = (body: object) => ask(200, "POST", "/v1/deliveries/redeliver", body)
        const dry = (yield* redeliver({ ...filter, dryRun: true })).as(Redelivered)
        assert.deepStrictEqual(dry, { redelivered: 0, matching: 2 })
        const refused = yield* ask(400, "POST", "/v1/deliveries/redeliver", filter)
        assert.strictEqual(errorsOf(refused)[0]?.path, "/reason")
        assert.deepStrictEqual((yield* redeliver({ alert: id, dryRun: true })).as(Redelivered).matching, 0)
        assert.strictEqual((yield* redeliver({ ...filter, reason: "a drill" })).as(Redelivered).redelivered, 2)
        yield* channels.received(3)
      })
    )

    it.effect("a preview of a rule counts the messages that saving it would send, and saves nothing", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const channels = yield* harness.channels("seen", { match: { source: "seen", severity: "critical" } })
        yield* raise("seen", "a", "critical")
        yield* raise("seen", "b", "minor")
        yield* raise("seen", "c", "minor")
        yield* channels.received(1)
        const preview = Effect.fnUntraced(function* (changes: { readonly [name: string]: unknown }) {
          const body = { ...channels.rule, ...changes }
          return (yield* ask(200, "POST", "/v1/rules/preview", body)).as(RulePreview)
        })
        const wider = yield* preview({ match: { source: "seen" } })
        assert.deepStrictEqual([wider.raise, wider.clear, wider.integrations.length], [4, 0, 2])
        const off = yield* preview({ enabled: false })
        assert.deepStrictEqual([off.raise, off.clear], [0, 2])
        assert.deepStrictEqual(yield* preview({ name: "another" }), { raise: 0, clear: 0, integrations: [] })
        const unknown = yield* ask(400, "POST", "/v1/rules/preview", { ...channels.rule, integrations: ["nobody"] })
        assert.strictEqual(errorsOf(unknown)[0]?.path, "/integrations/0")
        yield* channels.received(1)
      })
    )

    it.effect("a preview without an id is that of a new rule", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const channels = yield* harness.channels("preview", { match: { source: "held" } })
        yield* raise("held", "a", "major")
        yield* channels.received(1)
        const body = { ...channels.rule, id: undefined, integrations: [] }
        const { clear } = (yield* ask(200, "POST", "/v1/rules/preview", body)).as(RulePreview)
        assert.strictEqual(clear, 0)
      })
    )
  })
})
