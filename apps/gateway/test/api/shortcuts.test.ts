import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { type Harness, make, makeInProcess } from "../harness/gateway.ts"
import * as InProcess from "../harness/inProcess.ts"
import { alert } from "../harness/posting.ts"

const token = "a-token-of-the-tests"

/** Two gateways with the same settings: one takes the shortcuts, the other the general way. */
class Both extends Context.Service<Both, { readonly short: Harness; readonly general: Harness }>()(
  "@tocsin/gateway/test/Both"
) {
  static readonly layer = (settings: { readonly [name: string]: string } = {}) =>
    Layer.effect(
      Both,
      Effect.all({ short: makeInProcess(settings), general: make(settings, InProcess.startWithoutShortcuts) })
    )
}

/** Sends the same request to both, and compares the answers; returns the status. */
const same = Effect.fnUntraced(function* (
  body: unknown,
  headers: { readonly [name: string]: string } = {},
  path = "/v1/alerts"
) {
  const { general, short } = yield* Both
  const [ours, expected] = yield* Effect.all(
    [short, general].map(({ request }) => request("POST", path, body, headers))
  )
  assert.strictEqual(withoutIds(ours?.text), withoutIds(expected?.text))
  assert.strictEqual(ours?.status, expected?.status)
  const { date: _, ...ownHeaders } = ours?.headers ?? {}
  const { date: __, ...expectedHeaders } = expected?.headers ?? {}
  assert.deepStrictEqual(ownHeaders, expectedHeaders)
  return ours?.status
})

const withoutIds = (text = "") => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "<id>")

const bodies: ReadonlyArray<readonly [what: string, status: number, body: unknown]> = [
  ["an alert", 202, alert("a")],
  ["the same again", 202, alert("a")],
  ["its clear", 202, alert("a", { state: "cleared" })],
  ["an array of alerts", 202, [alert("b"), alert("c"), alert("b")]],
  ["every field", 202, everything()],
  ["an empty array", 202, []],
  ["an unknown field", 400, alert("d", { sumary: "x" })],
  ["a wrong element", 400, [alert("d"), alert("e", { severity: "x" })]],
  ["a reserved source", 400, alert("thousandeyes")],
  ["a time that does not exist", 400, alert("d", { startedAt: "2026-02-30T00:00:00Z" })],
  ["a field that the object has twice", 400, `{"source":"d","source":"d"}`],
  ["what is not JSON", 400, `{"source":`],
  ["nothing", 400, ""],
  ["1,001 alerts", 400, Array.from({ length: 1001 }, () => alert("d"))],
  ["NUL and half a surrogate pair", 202, JSON.stringify(alert("f", { summary: "?\u0000?" })).replace("?", "\\ud800")],
  ["a body of more than 4 MiB", 413, " ".repeat(4 * 1024 * 1024 + 1)]
]

function everything() {
  return alert("all", {
    eventId: "e1",
    clearedAt: "2026-01-15T03:00:00.123+01:00",
    state: "cleared",
    severity: "critical",
    summary: 'é\n"quoted": 😀',
    rule: { name: "r", id: "1", expression: "x > 1" },
    test: { name: "t", id: "2", type: "http", targets: ["a.example", "b.example"] },
    links: { alert: "https://a.example/?a=b#c", more: [{ label: "Runbook", link: "http://b.example" }] },
    labels: { team: "a", "": "empty", constructor: "c" },
    observations: [{ name: "One", atStart: "1", atEnd: "2", link: "https://c.example" }]
  })
}

describe("POST /v1/alerts by the shortcut and by the general way", () => {
  layer(Both.layer(), { excludeTestServices: true })((it) => {
    it.effect.each(bodies)("answers alike: %s", ([, status, body]) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* same(body), status)
      })
    )

    it.effect.each([
      ["compressed", 415, { "content-encoding": "gzip" }],
      ["another charset", 202, { "content-type": "application/json; charset=iso-8859-1" }],
      ["text/plain", 202, { "content-type": "text/plain" }],
      ["a proxy's header", 401, { "x-forwarded-for": "192.0.2.1" }],
      ["another origin", 401, { origin: "http://evil.example" }],
      ["a credential without need", 202, { authorization: "Bearer anything" }]
    ] as const)("answers alike with headers: %s", ([, status, headers]) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* same(alert("h"), headers), status)
      })
    )

    it.effect("answers alike with a slash at the end, and with a query", () =>
      Effect.gen(function* () {
        yield* same(alert("p"), {}, "/v1/alerts/")
        yield* same(alert("p"), {}, "/v1/alerts?x=1")
        yield* same(alert("p"), {}, "//v1/alerts")
      })
    )

    it.effect("stores the same of both", () =>
      Effect.gen(function* () {
        const { general, short } = yield* Both
        const lists = yield* Effect.all([short, general].map(({ request }) => request("GET", "/v1/alerts?limit=50")))
        const [ours, expected] = lists.map(({ text }) => withoutIds(text).replaceAll(/"20[^"]*Z"/g, '"<time>"'))
        assert.strictEqual(ours, expected)
        assert.include(ours ?? "", '"source":"all"')
      })
    )
  })
})

describe("POST /v1/alerts with a credential by the shortcut and by the general way", () => {
  layer(Both.layer({ TOCSIN_TOKEN: token }), { excludeTestServices: true })((it) => {
    it.effect("accepts and refuses the same callers", () =>
      Effect.gen(function* () {
        const admin = { authorization: `Bearer ${token}` }
        assert.strictEqual(yield* same(alert("a"), admin), 202)
        assert.strictEqual(yield* same(alert("a"), { authorization: `bearer  ${token}` }), 202)
        const basic = `Basic ${Buffer.from(`x:${token}`).toString("base64")}`
        assert.strictEqual(yield* same(alert("a"), { authorization: basic }), 202)
        assert.strictEqual(yield* same(alert("a")), 401)
        assert.strictEqual(yield* same(alert("a"), { authorization: "Bearer wrong" }), 401)
        assert.strictEqual(yield* same("not JSON", { authorization: "Bearer wrong" }), 401)
        assert.strictEqual(yield* same(alert("a"), { cookie: "tocsin_session=wrong" }), 401)
        assert.strictEqual(yield* same("not JSON", admin), 400)
      })
    )

    it.effect("applies the scopes of keys alike", () =>
      Effect.gen(function* () {
        const both = yield* Both
        const keys = yield* Effect.all(
          (["short", "general"] as const).map((side) =>
            Effect.map(
              both[side].request(
                "POST",
                "/v1/keys",
                { name: "k", scopes: ["ingest:a"] },
                { authorization: `Bearer ${token}` }
              ),
              ({ text }) => [side, { authorization: `Bearer ${/"secret":"([^"]+)"/.exec(text)?.[1]}` }] as const
            )
          )
        )
        for (const [body, wanted] of [
          [alert("a"), 202],
          [[alert("a"), alert("b")], 403],
          [alert("b"), 403]
        ] as const) {
          const answers = yield* Effect.all(
            keys.map(([side, headers]) => both[side].request("POST", "/v1/alerts", body, headers))
          )
          const [ours, expected] = answers.map(({ status, text }) => `${status} ${withoutIds(text)}`)
          assert.strictEqual(ours, expected)
          assert.match(ours ?? "", new RegExp(`^${wanted} `))
        }
      })
    )

    it.effect("counts a wrong token once", () =>
      Effect.gen(function* () {
        // The sixth wrong token of an address is slowed down; two of them were sent above.
        for (let n = 0; n < 2; n++) assert.strictEqual(yield* same(alert("a"), { authorization: "Bearer wrong" }), 401)
        const { general, short } = yield* Both
        for (const { gateway } of [short, general]) assert.notInclude(gateway().printed(), "is throttled")
      })
    )
  })
})
