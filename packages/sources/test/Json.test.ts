import { assert, describe, it } from "@effect/vitest"
import { Json, parseJson } from "@tocsin/sources"
import { DateTime, Effect, Result, Schema, SchemaIssue } from "effect"

const decodeSettings = Schema.decodeUnknownResult(Json.settings, { errors: "all", onExcessProperty: "error" })

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** What is wrong with a mapping: where, and the message. */
const faults = (mapping: unknown) =>
  Result.match(decodeSettings(mapping), {
    onSuccess: () => [],
    onFailure: ({ issue }) =>
      format(issue).issues.map(({ message, path = [] }) => [
        path.map((step) => `/${typeof step === "object" ? String(step.key) : String(step)}`).join(""),
        message
      ])
  })

const read = (mapping: unknown, body: unknown) =>
  Effect.flatMap(Effect.orDie(Effect.fromResult(decodeSettings(mapping))), (settings) =>
    Json.decode(body, {
      source: "checks",
      settings,
      defaults: { timezone: "Europe/Riga" },
      receivedAt: DateTime.makeUnsafe("2026-01-15T10:05:00Z")
    })
  )

const least = { id: "/id", state: { value: "/state" }, name: "/name" }

/** What matters of the events, or why there are none. */
const summary = (mapping: unknown, body: unknown) =>
  Effect.map(read(mapping, body), (decoded) =>
    decoded._tag === "Events"
      ? {
          events: decoded.events.map(({ severity, sourceId, state }) => `${sourceId} ${state} ${severity}`),
          ...(decoded.missed && { missed: decoded.missed })
        }
      : decoded
  )

describe("a mapping of JSON", () => {
  it.effect("reads an array, with a filter, value maps, constants and values of the whole body", () =>
    Effect.gen(function* () {
      const mapping = {
        items: "/data/checks",
        filter: [
          { value: "/kind", in: ["ping", "http"] },
          { value: "/muted", notIn: ["true"] }
        ],
        id: ["/host/name", "/check"],
        eventId: "/event",
        state: { value: "/state", map: { "0": "cleared", "1": "raised", "2": "raised", "3": "ignored" } },
        severity: { value: "/state", map: { "1": "minor", "2": "critical" }, otherwise: "info" },
        name: "/check",
        summary: "/output",
        test: "/host/name",
        ruleId: "/check",
        startedAt: "/since",
        clearedAt: "/until",
        link: "/url",
        links: { Runbook: "/runbook", Site: { body: "/site/url" } },
        labels: { site: { body: "/site/name" }, team: { constant: "net" }, "a/b": "/x~1y~0z" }
      }
      const host = { name: "db-1" }
      const decoded = yield* read(mapping, {
        site: { name: "Riga", url: "https://example.com/riga" },
        data: {
          checks: [
            {
              kind: "ping",
              event: "e1",
              host,
              check: "disk",
              state: 2,
              output: "97 %",
              since: "2026-01-15 11:00:00",
              url: "https://example.com/1",
              runbook: "https://example.com/disk",
              "x/y~z": true
            },
            { kind: "http", host, check: "web", state: "0", since: 1768464000, until: 1768464060 },
            { kind: "http", host, check: "unknown", state: "3" },
            { kind: "http", host, check: "muted", state: "2", muted: true },
            { kind: "heartbeat" }
          ]
        }
      })
      assert(decoded._tag === "Events")
      const { events } = decoded
      assert.deepInclude(events[0], {
        source: "checks",
        sourceId: "db-1/disk",
        eventId: "e1",
        state: "raised",
        severity: "critical",
        rule: { name: "disk", id: "disk" },
        test: { name: "db-1" },
        summary: "97 %",
        assumedTimeZone: { zone: "Europe/Riga" },
        labels: { site: "Riga", team: "net", "a/b": "true" }
      })
      assert.deepStrictEqual(
        events.map(({ clearedAt, sourceId, startedAt, state }) => [
          sourceId,
          state,
          DateTime.formatIso(startedAt),
          clearedAt && DateTime.formatIso(clearedAt)
        ]),
        [
          ["db-1/disk", "raised", "2026-01-15T09:00:00.000Z", undefined],
          ["db-1/web", "cleared", "2026-01-15T08:00:00.000Z", "2026-01-15T08:01:00.000Z"]
        ]
      )
      assert.deepStrictEqual(
        [events[0]?.links.alert?.href, ...(events[0]?.links.more ?? []).map(({ label, link }) => [label, link.href])],
        ["https://example.com/1", ["Runbook", "https://example.com/disk"], ["Site", "https://example.com/riga"]]
      )
    })
  )

  it.effect("reads every field of an object as a label, and usual words as severities", () =>
    Effect.gen(function* () {
      const mapping = { ...least, severity: { value: "/level" }, labels: "/tags" }
      const decoded = yield* read(mapping, {
        id: 1,
        state: "raised",
        name: "n",
        level: "WARNING",
        tags: { env: "prod", zone: 4, none: null }
      })
      assert(decoded._tag === "Events")
      assert.deepStrictEqual(decoded.events[0]?.labels, { env: "prod", zone: "4" })
      assert.strictEqual(decoded.events[0]?.severity, "minor")
    })
  )

  it.effect("reads a body that is the array itself", () =>
    Effect.gen(function* () {
      const item = (id: number) => ({ id, state: "raised", name: "n" })
      assert.deepStrictEqual(yield* summary({ ...least, items: "" }, [item(1), item(2)]), {
        events: ["1 raised major", "2 raised major"]
      })
    })
  )

  it.effect("keeps every digit of an id", () =>
    Effect.gen(function* () {
      const body = parseJson('{ "id": 9007199254740993, "state": "raised", "name": "n" }')
      assert.deepStrictEqual(yield* summary(least, body), { events: ["9007199254740993 raised major"] })
    })
  )

  it.effect.each([
    [{}, {}, "/id: Expected the id, a text or a number"],
    [{}, { id: { a: 1 }, state: "raised" }, "/id: Expected the id, a text or a number"],
    [{}, { id: 1, state: "c4n4ry" }, "/state: Expected the state, one of raised, cleared"],
    [
      { state: { value: { body: "/s" }, map: { up: "cleared", down: "raised" } } },
      { id: 1, s: "c4n4ry" },
      "the body: Expected the state, one of up, down at /s of the body"
    ],
    [{ items: "/alerts" }, { alerts: {} }, "/alerts: Expected an array of alerts"],
    [{ items: "/alerts" }, { alerts: [{ id: 1 }] }, "/alerts/0/state: Expected the state, one of raised, cleared"],
    [{ id: "/__proto__/constructor/name" }, {}, "/__proto__/constructor/name: Expected the id, a text or a number"]
  ] as const)("says where a body is not as expected: %s %s", ([more, body, why]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* summary({ ...least, ...more }, body), { _tag: "Unreadable", why })
    })
  )

  it.effect("counts the alerts of an array that cannot be read", () =>
    Effect.gen(function* () {
      const good = { id: 1, state: "cleared", name: "n" }
      assert.deepStrictEqual(yield* summary({ ...least, items: "" }, [{}, good, 5]), {
        events: ["1 cleared major"],
        missed: { count: 2, why: "/0/id: Expected the id, a text or a number" }
      })
    })
  )

  it("is refused with the place of each mistake", () => {
    const pointer = "Expected a JSON Pointer, such as /alert/id: empty, or / before each step, with ~ as ~0 and / as ~1"
    assert.deepStrictEqual(faults({}), [
      ["/id", "Missing key"],
      ["/state", "Missing key"],
      ["/name", "Missing key"]
    ])
    assert.deepStrictEqual(faults({ ...least, sevrity: "/s" }), [["/sevrity", "Expected no excess property"]])
    assert.deepStrictEqual(faults({ ...least, id: "id" }), [["/id", pointer]])
    assert.deepStrictEqual(faults({ ...least, id: ["/a", "/b~2"] }), [["/id/1", pointer]])
    assert.deepStrictEqual(faults({ ...least, name: { constant: 5 } }), [["/name/constant", "Expected string"]])
    assert.deepStrictEqual(faults({ ...least, name: {} }), [
      ["/name", `Expected { "body": "/pointer" } or { "constant": "text" }`]
    ])
    assert.deepStrictEqual(faults({ ...least, state: { value: "/s", map: { up: "ok" } } }), [
      ["/state/map/up", 'Expected "raised" | "cleared" | "ignored"']
    ])
    assert.deepStrictEqual(faults({ ...least, severity: { value: "/s", map: { "1": "high" } } }), [
      ["/severity/map/1", 'Expected "info" | "minor" | "major" | "critical"']
    ])
    assert.deepStrictEqual(faults({ ...least, filter: [{ value: "/a" }] }), [
      ["/filter/0/in", "Expected either in or notIn, a list of texts"]
    ])
  })
})
