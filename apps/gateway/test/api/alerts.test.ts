import { assert, describe, layer } from "@effect/vitest"
import { AlertSummary } from "@tocsin/client"
import { Effect } from "effect"
import { AlertDetails, listOf, Problem } from "../harness/answers.ts"
import { SharedHarness } from "../harness/gateway.ts"
import { alert, post } from "../harness/posting.ts"

const list = Effect.fnUntraced(function* (query: string) {
  return (yield* (yield* SharedHarness).request("GET", `/v1/alerts?${query}`)).as(listOf(AlertSummary))
})

const details = Effect.fnUntraced(function* (id: string) {
  return (yield* (yield* SharedHarness).request("GET", `/v1/alerts/${id}`)).as(AlertDetails)
})

describe("POST /v1/alerts", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect("accepts one alert or several, and answers with the id of each", () =>
      Effect.gen(function* () {
        const [one, ...none] = yield* post(alert("taken", { id: "one" }))
        const several = yield* post([alert("taken", { id: "two" }), alert("taken", { id: "three", severity: "minor" })])
        assert.lengthOf(none, 0)
        assert.deepStrictEqual(
          [one, ...several].map((item) => item?.status),
          ["accepted", "accepted", "accepted"]
        )
        for (const [n, sourceId] of ["two", "three"].entries()) {
          const known = yield* details(several[n]?.id ?? "")
          assert.strictEqual(known.sourceId, sourceId)
          assert.strictEqual(known.severity, sourceId === "three" ? "minor" : "major")
        }
        assert.deepStrictEqual(yield* post([]), [])
      })
    )

    it.effect("answers a repeated eventId as the first time; the first body wins", () =>
      Effect.gen(function* () {
        const channels = yield* (yield* SharedHarness).channels("keyed", { match: { source: "keyed" } })
        const first = yield* post(alert("keyed", { eventId: "e1", summary: "The first." }))
        const cleared = yield* post(alert("keyed", { eventId: "e2", state: "cleared" }))
        assert.deepStrictEqual(yield* post(alert("keyed", { eventId: "e1", summary: "The first." })), first)
        assert.deepStrictEqual(yield* post(alert("keyed", { eventId: "e1", id: "2", summary: "Another." })), first)
        assert.deepStrictEqual(yield* post(alert("keyed", { eventId: "e2" })), cleared)
        const { items, total } = yield* list("source=keyed")
        assert.strictEqual(total, 1)
        assert.strictEqual(items[0]?.summary, "The first.")
        assert.strictEqual(items[0]?.state, "cleared")
        // Raise and clear, or both in one if the clear came before the raise was sent.
        const received = (yield* details(first[0]?.id ?? "")).deliveries.map(({ integration }) => integration)
        assert.include(received, channels.integrations.slack)
      })
    )

    it.effect("recognises duplicates without eventId, changes, and late events", () =>
      Effect.gen(function* () {
        const channels = yield* (yield* SharedHarness).channels("plain", { match: { source: "plain" } })
        const statuses = (...changes: ReadonlyArray<{ readonly [name: string]: unknown }>) =>
          Effect.map(post(changes.map((change) => alert("plain", change))), (items) =>
            items.map(({ status }) => status)
          )
        assert.deepStrictEqual(yield* statuses({}, {}, { summary: "More is known." }), [
          "accepted",
          "duplicate",
          "accepted"
        ])
        yield* channels.received(1)
        const cleared = { state: "cleared", clearedAt: "2026-01-01T01:00:00Z" }
        assert.deepStrictEqual(yield* statuses(cleared, cleared), ["accepted", "duplicate"])
        yield* channels.received(2)
        assert.deepStrictEqual(yield* statuses({}, { startedAt: "2026-01-01T00:58:59Z" }), ["late", "late"])
        yield* channels.received(2)
        assert.deepStrictEqual(yield* statuses({ startedAt: "2026-01-01T00:59:59Z" }), ["accepted"])
        yield* channels.received(3)
        assert.deepStrictEqual(
          (yield* list("source=plain")).items.map(({ episode, state }) => [episode, state]),
          [
            [2, "raised"],
            [1, "cleared"]
          ]
        )
      })
    )

    it.effect("sends the summary with the raise, and an escalation once", () =>
      Effect.gen(function* () {
        const channels = yield* (yield* SharedHarness).channels("told", { match: { source: "told" } })
        const links = { started: "https://example.com/at/start", cleared: "https://example.com/at/end" }
        const [item] = yield* post(alert("told", { severity: "minor", summary: "Only 3 MB <left> & falling.", links }))
        const [raised] = yield* channels.received(1)
        assert.strictEqual(raised?.slack.color, "#F9C80E")
        assert.strictEqual(raised?.hipChat.color, "yellow")
        for (const shown of [raised?.slack.shown, raised?.hipChat.shown]) {
          assert.include(shown, "Raised: Disk full (https://example.com/at/start)")
          assert.include(shown, "Only 3 MB <left> & falling.")
        }
        yield* post(alert("told", { severity: "critical", links }))
        const [, escalated] = yield* channels.received(2)
        assert.include(escalated?.slack.shown, "Escalated to critical: Disk full")
        yield* post(alert("told", { severity: "minor", links }))
        yield* channels.received(2)

        const { conversations, deliveries } = yield* details(item?.id ?? "")
        assert.deepStrictEqual(
          conversations.map(({ integration }) => integration).toSorted(),
          Object.values(channels.integrations).toSorted()
        )
        for (const { lastWord, rules, severityTold, state } of conversations) {
          assert.deepStrictEqual(
            { lastWord, rules, severityTold, state },
            { lastWord: "raised", rules: ["told"], severityTold: "critical", state: "open" }
          )
        }
        assert.deepStrictEqual(deliveries.map(({ kind, status }) => `${kind} ${status}`).toSorted(), [
          "Escalated delivered",
          "Escalated delivered",
          "Raised delivered",
          "Raised delivered"
        ])
        assert.include(deliveries[0]?.text, "Disk full")
      })
    )
  })
})

describe("GET /v1/alerts", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect("filters, pages, and returns one alert", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const ids = ["1", "2", "3", "4", "5"]
        yield* post(ids.map((id) => alert("listed", { id })))
        yield* post([alert("listed", { id: "2", state: "cleared" }), alert("other", { id: "2" })])
        const sourceIds = (query: string) =>
          Effect.map(list(query), ({ items }) => items.map(({ sourceId }) => sourceId))
        assert.deepStrictEqual((yield* sourceIds("source=listed")).toSorted(), ids)
        assert.deepStrictEqual(yield* sourceIds("source=listed&state=cleared"), ["2"])
        assert.lengthOf(yield* sourceIds("source=listed&state=raised"), 4)
        assert.deepStrictEqual(yield* sourceIds("source=other&sourceId=2"), ["2"])
        assert.deepStrictEqual(yield* sourceIds("source=nobody"), [])

        const seen: Array<string> = []
        let after = ""
        for (let page = 0; page < 3; page++) {
          const { items, next, total } = yield* list(`source=listed&limit=2${after}`)
          assert.strictEqual(total, 5)
          seen.push(...items.map(({ sourceId }) => sourceId))
          assert.strictEqual(next === undefined, page === 2)
          after = `&after=${next}`
        }
        assert.deepStrictEqual(seen.toSorted(), ids)

        for (const query of ["limit=0", "limit=501", "limit=x", "state=open"]) {
          const { as, status } = yield* harness.request("GET", `/v1/alerts?${query}`)
          assert.strictEqual(status, 400, query)
          assert.include(as(Problem).errors?.[0]?.path, query.split("=")[0])
        }
        for (const path of ["/v1/alerts/unknown", "/v1/deliveries/unknown", "/v1/rules/unknown", "/v1/nowhere"]) {
          const { as, status } = yield* harness.request("GET", path)
          assert.strictEqual(status, 404, path)
          assert.strictEqual(as(Problem).status, 404)
        }
      })
    )
  })
})
