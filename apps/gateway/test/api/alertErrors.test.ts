import { assert, describe, layer } from "@effect/vitest"
import { AlertSummary } from "@tocsin/client"
import { Effect } from "effect"
import { ask, listOf, Problem } from "../harness/answers.ts"
import { SharedHarness } from "../harness/gateway.ts"
import { alert, post } from "../harness/posting.ts"

/** Posts what must be refused; gives the errors. */
const refused = Effect.fnUntraced(function* (body: unknown, wanted = 400) {
  const { as, headers, status, text } = yield* (yield* SharedHarness).request("POST", "/v1/alerts", body)
  assert.strictEqual(status, wanted, text)
  assert.include(headers["content-type"], "application/problem+json")
  assert.notInclude(text, "s3cr3t")
  assert.notMatch(text, /\\n\s+at /)
  return as(Problem).errors ?? []
})

const list = Effect.fnUntraced(function* (query: string) {
  return (yield* (yield* SharedHarness).request("GET", `/v1/alerts?${query}`)).as(listOf(AlertSummary))
})

describe("POST /v1/alerts with invalid alerts", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect.each([
      [alert("x", { source: undefined }), "/source"],
      [alert("x", { id: undefined }), "/id"],
      [alert("x", { state: undefined }), "/state"],
      [alert("x", { startedAt: undefined }), "/startedAt"],
      [alert("x", { rule: undefined }), "/rule"],
      [alert("x", { rule: {} }), "/rule/name"],
      [alert("x", { state: "s3cr3t" }), "/state"],
      [alert("x", { startedAt: "s3cr3t" }), "/startedAt"],
      [alert("x", { severity: "s3cr3t" }), "/severity"],
      [alert("x", { id: "" }), "/id"],
      [alert("x", { rule: { name: "x", id: "s3cr3t".repeat(100) } }), "/rule/id"],
      [alert("no s3cr3t/name"), "/source"],
      [alert("x", { links: { started: "javascript:s3cr3t" } }), "/links/started"],
      [alert("x", { observations: [{ name: "One" }, { atStart: "s3cr3t" }] }), "/observations/1/name"],
      [alert("x", { sumary: "s3cr3t" }), "/sumary"],
      [alert("x", { rule: { name: "x", "a/b~c": "s3cr3t" } }), "/rule/a~1b~0c"],
      ["null", ""],
      [`"s3cr3t"`, ""],
      ["{", ""]
    ] as const)("refuses %j at %s", ([body, path]) =>
      Effect.gen(function* () {
        const errors = yield* refused(body)
        assert.deepStrictEqual(
          errors.map((error) => error.path),
          [path]
        )
        for (const { expected, message } of errors) {
          assert.notStrictEqual(expected, "")
          assert.notStrictEqual(message, "")
        }
      })
    )

    it.effect("names every error with the alert's index, and accepts nothing of the array", () =>
      Effect.gen(function* () {
        const errors = yield* refused([
          alert("none"),
          alert("none", { id: undefined, rule: { name: "" } }),
          alert("none", { id: 3 })
        ])
        assert.deepStrictEqual(errors.map(({ path }) => path).toSorted(), ["/1/id", "/1/rule/name", "/2/id"])
        assert.strictEqual((yield* list("source=none")).total, 0)
      })
    )

    it.effect.each([
      "thousandeyes",
      "prometheus",
      "alertmanager",
      "grafana",
      "pagerduty",
      "cloudevents",
      "datadog",
      "tocsin",
      "ThousandEyes"
    ])("refuses the reserved source %s", (source) =>
      Effect.gen(function* () {
        const [error] = yield* refused(alert(source))
        assert.strictEqual(error?.path, "/source")
        assert.include(error?.message, "belongs to no built-in source")
      })
    )

    it.effect("refuses more than 1,000 alerts, and a body over 4 MiB", () =>
      Effect.gen(function* () {
        const many = Array.from({ length: 1001 }, (_, n) => alert("many", { id: `${n}` }))
        assert.include((yield* refused(many))[0]?.message, "at most 1000 alerts")
        assert.strictEqual((yield* list("source=many")).total, 0)
        assert.lengthOf(yield* post(many.slice(1)), 1000)
        yield* refused(alert("large", { summary: "s3cr3t".repeat(700_000) }), 413)
        assert.lengthOf(yield* post(alert("large", { summary: "s3cr3t".repeat(690_000) })), 1)
        yield* ask(413, "POST", "/v1/rules", { name: "x".repeat(5_000_000), match: {}, integrations: [] })
        yield* ask(400, "GET", "/v1/alerts?after=zzz")
      })
    )
  })
})
