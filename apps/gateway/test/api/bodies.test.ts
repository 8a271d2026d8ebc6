import { assert, describe, layer } from "@effect/vitest"
import { AlertSummary } from "@tocsin/client"
import { Effect, Schema } from "effect"
import { gzipSync } from "node:zlib"
import { ask, listOf, Problem } from "../harness/answers.ts"
import { memory } from "../harness/memory.ts"
import { alert, refused } from "../harness/posting.ts"
import { type RawRequest, send } from "../harness/raw.ts"
import { isOfSources, routesWithBody } from "../harness/routes.ts"
import { fixture, SharedHarness } from "../harness/gateway.ts"

const source = "/v1/sources/thousandeyes"

/** Sends a request as it is, and reads the problem that it is answered with. */
const problemOf = Effect.fnUntraced(function* (request: RawRequest) {
  const answer = yield* send((yield* SharedHarness).gateway().url, request)
  assert.strictEqual(answer.headers["content-type"], "application/problem+json", answer.text)
  const problem = Schema.decodeUnknownSync(Schema.fromJsonString(Problem))(answer.text)
  assert.strictEqual(problem.status, answer.status)
  return problem
})

/** The longest body of a route: less where it is read before its sender has shown the token. */
const maxBytes = (path: string) =>
  path === "/v2/enqueue" ? 512 * 1024 : path === "/v1/session" ? 32 * 1024 : 4 * 1024 * 1024

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`

describe("Every route with a body", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    const each = routesWithBody.map(({ method, path }) => [method, path] as const)

    it.effect.each(each)("%s %s refuses more than its limit (413), in any framing", ([method, path]) =>
      Effect.gen(function* () {
        const bytes = Buffer.alloc(maxBytes(path), " ")
        const more = Buffer.alloc(1, " ")
        for (const body of [Buffer.concat([bytes, more]), [bytes, more]]) {
          assert.strictEqual((yield* problemOf({ method, path, body })).status, 413)
        }
        assert.strictEqual((yield* problemOf({ method, path, body: [bytes] })).status, 400)
      })
    )

    it.effect.each(each)(
      "%s %s refuses compressed bodies, and charsets other than UTF-8 and ASCII (415)",
      ([method, path]) =>
        Effect.gen(function* () {
          for (const encoding of ["gzip", "br", "deflate", "identity, gzip"]) {
            const { detail, status } = yield* problemOf({ method, path, headers: { "content-encoding": encoding } })
            assert.strictEqual(status, 415)
            assert.include(detail, "without a Content-Encoding")
          }
          for (const [type, body] of [
            ["application/json; charset=utf-16", "{}"],
            ["application/json; charset=x-unknown", "{}"],
            ['text/plain;Charset="ISO-8859-1"', '"ü"'],
            ["application/json; charset=us-ascii", '"ü"']
          ] as const) {
            const { detail, status } = yield* problemOf({ method, path, headers: { "content-type": type }, body })
            assert.strictEqual(status, 415, type)
            assert.include(detail, "UTF-8")
          }
          for (const type of [
            "application/x-www-form-urlencoded",
            'application/json; charset="UTF-8"',
            "application/json; charset='utf-8'",
            "application/json;charset=ISO-8859-1",
            "application/json; charset=iso-8859-15; q=1",
            "text/json; charset=us-ascii",
            'text/plain;Charset="windows-1252"',
            "text/plain"
          ]) {
            const { status } = yield* problemOf({ method, path, headers: { "content-type": type }, body: "{" })
            assert.strictEqual(status, 400, type)
          }
        })
    )

    it.effect.each(each.filter(([, path]) => !isOfSources(path)))(
      "%s %s says what it takes in a sender's words",
      ([method, path]) =>
        Effect.gen(function* () {
          for (const body of ["7", '"text"', "true", path === "/v1/alerts" ? "null" : "[]"]) {
            const headers = { "content-encoding": "Identity" }
            const { detail, status } = yield* problemOf({ method, path, headers, body })
            assert.strictEqual(status, 400)
            assert.match(detail ?? "", /^Expected an object(, or no body| or an array)?$/)
          }
        })
    )

    it.effect.each(each)("%s %s refuses more than 32 levels of JSON (400)", ([method, path]) =>
      Effect.gen(function* () {
        const { errors } = yield* problemOf({ method, path, body: nested(33) })
        assert.strictEqual(errors?.[0]?.expected, "at most 32 levels of nesting")
        assert.include(errors?.[0]?.message, "line 1, column 33 (position 32)")
        // As deep as the longest body can be, and closed nowhere.
        const endless = yield* problemOf({ method, path, body: '{"a":['.repeat(Math.floor(maxBytes(path) / 6)) })
        assert.strictEqual(endless.errors?.[0]?.expected, "at most 32 levels of nesting")
      })
    )

    it.effect.each(each)("%s %s names the position of invalid JSON and of invalid UTF-8 (400)", ([method, path]) =>
      Effect.gen(function* () {
        const notJson = yield* problemOf({ method, path, body: '{\n  "s3cr3t": s3cr3t }' })
        assert.include(notJson.errors?.[0]?.message, "line 2, column 13 (position 14)")
        assert.notInclude(JSON.stringify(notJson), "s3cr3t")
        const bytes = Buffer.concat([Buffer.from('\uFEFF{"\uFFFDé": "'), Buffer.from([0xc3]), Buffer.from('"}')])
        const notUtf8 = yield* problemOf({ method, path, body: bytes })
        assert.include(notUtf8.errors?.[0]?.message, "byte 14 ")
      })
    )

    it.effect.each(each.filter(([, path]) => !isOfSources(path)))(
      "%s %s takes no field twice (400)",
      ([method, path]) =>
        Effect.gen(function* () {
          const { errors } = yield* problemOf({
            method,
            path,
            body: '[{"a": {"b/~": 1, "c": {"b/~": 2}, "b\\u002f~": 3}}]'
          })
          assert.deepStrictEqual(
            errors?.map(({ expected, path }) => [path, expected]),
            [["/0/a/b~1~0", "each field once"]]
          )
        })
    )

    it.effect("refuses a gzip bomb: 10 MB that decompress to 10 GB cost no memory", () =>
      Effect.gen(function* () {
        const { pid } = (yield* SharedHarness).gateway()
        const member = gzipSync(Buffer.alloc(100_000_000))
        const bomb = Buffer.concat(Array.from({ length: 100 }, () => member))
        const before = memory(pid, "HWM")
        for (const { method, path } of routesWithBody) {
          const headers = { "content-encoding": "gzip", "content-type": "application/json" }
          const { status } = yield* problemOf({ method, path, headers, body: bomb })
          assert.strictEqual(status, 415)
        }
        assert.isBelow(memory(pid, "HWM") - before, 100_000_000)
      })
    )

    it.effect("refuses NUL in a URL", () =>
      Effect.gen(function* () {
        for (const path of ["/v1/alerts/%00", "/v1/alerts?sourceId=a%00b", "/v1/rules/%00"]) {
          assert.include((yield* problemOf({ method: "GET", path })).errors?.[0]?.expected, "%00")
        }
      })
    )
  })
})

describe("Texts that JavaScript treats specially", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect("accepts names that JavaScript reserves", () =>
      Effect.gen(function* () {
        const labels = '{"__proto__": "x", "constructor": "y", "toString": "z"}'
        const body = JSON.stringify(alert("reserved", { labels: "@" })).replace('"@"', labels)
        const { text } = yield* ask(202, "POST", "/v1/alerts", body)
        const { id } = (JSON.parse(text) as { items: ReadonlyArray<{ id: string }> }).items[0] ?? { id: "" }
        assert.include((yield* ask(200, "GET", `/v1/alerts/${id}`)).text, labels.replaceAll(/ /g, ""))
        for (const name of ["__proto__", "constructor", "hasOwnProperty"]) {
          const polluting = JSON.stringify(alert("reserved")).replace("{", `{"${name}":{"state":"s3cr3t"},`)
          const errors = yield* refused(polluting)
          assert.deepStrictEqual(
            errors.map(({ path }) => path),
            [`/${name}`]
          )
        }
      })
    )

    it.effect("refuses a number that overflows", () =>
      Effect.gen(function* () {
        const rule = '{"name":"R","match":{},"integrations":[],"enabled":1e999}'
        assert.strictEqual((yield* refused(rule, "/v1/rules"))[0]?.path, "/enabled")
        const integration = '{"name":"I","type":"slack","settings":{"url":1e999},"limits":{"messages":-1e999}}'
        const paths = (yield* refused(integration, "/v1/integrations")).map(({ path }) => path)
        assert.include(paths, "/settings/url")
        assert.include(paths, "/limits/messages")
      })
    )

    it.effect("ignores a byte order mark", () => ask(202, "POST", "/v1/alerts", "\uFEFF[]"))

    it.effect("uses the last value of a field that a source sends twice", () =>
      Effect.gen(function* () {
        const trigger = yield* fixture("trigger")
        yield* ask(200, "POST", source, trigger.replace('"ruleName":', '"ruleName": "First", "ruleName":'))
        const { items } = (yield* ask(200, "GET", "/v1/alerts?source=thousandeyes")).as(listOf(AlertSummary))
        assert.strictEqual(items[0]?.rule.name, "HTTP errors")
      })
    )
  })
})
