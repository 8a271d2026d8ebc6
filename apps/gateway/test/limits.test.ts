import { assert, describe, layer } from "@effect/vitest"
import { Alert } from "@tocsin/core"
import { Effect, Schema } from "effect"
import { gzipSync } from "node:zlib"
import { Accepted, ask, errorsOf, listOf, Problem, UnreadableBody } from "./answers.ts"
import { memory } from "./memory.ts"
import { type RawRequest, send } from "./raw.ts"
import { routesWithBody } from "./routes.ts"
import { fixture, SharedWorld } from "./world.ts"

const source = "/v1/sources/thousandeyes"

/** A body that is right, but for what the test changes in it. */
const alert = (name: string, changes: { readonly [name: string]: unknown } = {}) => ({
  source: name,
  id: "1",
  state: "raised",
  startedAt: "2026-01-01T00:00:00Z",
  rule: { name: "Disk full" },
  ...changes
})

/** Posts an alert and gives what is known of it then. */
const posted = Effect.fnUntraced(function* (body: unknown) {
  const { as } = yield* ask(202, "POST", "/v1/alerts", body)
  return (yield* ask(200, "GET", `/v1/alerts/${as(Accepted).items[0]?.id}`)).as(Alert)
})

const refused = Effect.fnUntraced(function* (body: unknown, path = "/v1/alerts") {
  return errorsOf(yield* ask(400, "POST", path, body))
})

/** Sends a request as it is, and reads the problem that it is answered with. */
const problemOf = Effect.fnUntraced(function* (request: RawRequest) {
  const answer = yield* send((yield* SharedWorld).gateway().url, request)
  assert.strictEqual(answer.headers["content-type"], "application/problem+json", answer.text)
  const problem = Schema.decodeUnknownSync(Schema.fromJsonString(Problem))(answer.text)
  assert.strictEqual(problem.status, answer.status)
  return problem
})

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`

describe("Every route that takes a body", { timeout: 60_000 }, () => {
  layer(SharedWorld.layer(), { excludeTestServices: true })((it) => {
    const each = routesWithBody.map(({ method, path }) => [method, path] as const)

    it.effect.each(each)("%s %s takes no more than 4 MiB (413), however it comes", ([method, path]) =>
      Effect.gen(function* () {
        const bytes = Buffer.alloc(4 * 1024 * 1024, " ")
        const more = Buffer.alloc(1, " ")
        for (const body of [Buffer.concat([bytes, more]), [bytes, more]]) {
          assert.strictEqual((yield* problemOf({ method, path, body })).status, 413)
        }
        assert.strictEqual((yield* problemOf({ method, path, body: [bytes] })).status, 400)
      })
    )

    it.effect.each(each)("%s %s takes nothing that is compressed, or not in UTF-8 (415)", ([method, path]) =>
      Effect.gen(function* () {
        for (const encoding of ["gzip", "br", "deflate", "identity, gzip"]) {
          const { detail, status } = yield* problemOf({ method, path, headers: { "content-encoding": encoding } })
          assert.strictEqual(status, 415)
          assert.include(detail, "without a Content-Encoding")
        }
        for (const type of ["application/json; charset=utf-16", 'text/plain;Charset="ISO-8859-1"']) {
          const { detail, status } = yield* problemOf({ method, path, headers: { "content-type": type }, body: "{}" })
          assert.strictEqual(status, 415)
          assert.include(detail, "UTF-8")
        }
        for (const type of ["application/x-www-form-urlencoded", 'application/json; charset="UTF-8"', "text/plain"]) {
          assert.strictEqual(
            (yield* problemOf({ method, path, headers: { "content-type": type }, body: "{" })).status,
            400
          )
        }
      })
    )

    it.effect.each(each)("%s %s takes no more than 32 levels of JSON (400)", ([method, path]) =>
      Effect.gen(function* () {
        const { errors } = yield* problemOf({ method, path, body: nested(33) })
        assert.strictEqual(errors?.[0]?.expected, "at most 32 levels of nesting")
        assert.include(errors?.[0]?.message, "line 1, column 33 (position 32)")
        // As deep as the longest body can be, and closed nowhere.
        const endless = yield* problemOf({ method, path, body: '{"a":['.repeat(699_000) })
        assert.strictEqual(endless.errors?.[0]?.expected, "at most 32 levels of nesting")
      })
    )

    it.effect.each(each)("%s %s says where it is not JSON, and where it is not UTF-8 (400)", ([method, path]) =>
      Effect.gen(function* () {
        const notJson = yield* problemOf({ method, path, body: '{\n  "s3cr3t": s3cr3t }' })
        assert.include(notJson.errors?.[0]?.message, "line 2, column 13 (position 14)")
        assert.notInclude(JSON.stringify(notJson), "s3cr3t")
        const bytes = Buffer.concat([Buffer.from('\uFEFF{"\uFFFDé": "'), Buffer.from([0xc3]), Buffer.from('"}')])
        const notUtf8 = yield* problemOf({ method, path, body: bytes })
        assert.include(notUtf8.errors?.[0]?.message, "byte 14 ")
      })
    )

    it.effect.each(each.filter(([, path]) => path !== source))("%s %s takes no field twice (400)", ([method, path]) =>
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

    it.effect("takes no decompressed gigabytes: 10 MB of gzip that say 10 GB cost no memory", () =>
      Effect.gen(function* () {
        const { pid } = (yield* SharedWorld).gateway()
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

describe("The limits of an alert", { timeout: 60_000 }, () => {
  layer(SharedWorld.layer(), { excludeTestServices: true })((it) => {
    it.effect("let pass what is just within them, and cut names and count observations beyond", () =>
      Effect.gen(function* () {
        const long = "n".repeat(4097)
        const labels = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`l${n}${"x".repeat(1024)}`, long]))
        const body = alert("a".repeat(64), {
          id: "i".repeat(512),
          eventId: "e".repeat(512),
          summary: long,
          rule: { name: long, id: "r".repeat(512), expression: long },
          test: { name: long, id: "t".repeat(512), type: long, targets: Array.from({ length: 70 }, () => long) },
          labels,
          observations: Array.from({ length: 5003 }, (_, n) => ({ name: `${n}`, atStart: n === 0 ? long : "1" }))
        })
        const taken = yield* posted(body)
        assert.strictEqual(taken.sourceId, body.id)
        const cut = `${"n".repeat(4095)}…`
        assert.deepStrictEqual(taken.rule, { ...body.rule, name: cut, expression: cut })
        assert.strictEqual(taken.summary, cut)
        assert.strictEqual(taken.test?.name, cut)
        assert.lengthOf(taken.test?.targets ?? [], 64)
        assert.strictEqual(taken.test?.targets?.at(-1), "and 7 more")
        assert.lengthOf(Object.keys(taken.labels), 64)
        for (const [name, value] of Object.entries(taken.labels)) {
          assert.match(name, /^l\d+x+…$/)
          assert.lengthOf(name, 1024)
          assert.strictEqual(value, `${"n".repeat(1023)}…`)
        }
        assert.lengthOf(taken.observations, 5000)
        assert.strictEqual(taken.observationsOmitted, 3)
        assert.strictEqual(taken.observations[0]?.atStart, cut)
      })
    )

    it.effect.each(
      (
        [
          [{ source: "a".repeat(65) }, "/source"],
          [{ source: "." }, "/source"],
          [{ source: ".." }, "/source"],
          [{ id: "i".repeat(513) }, "/id"],
          [{ eventId: "i".repeat(513) }, "/eventId"],
          [{ test: { name: "x", id: "i".repeat(513) } }, "/test/id"],
          [{ labels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`l${n}`, ""])) }, "/labels"],
          [{ links: { started: "ftp://example.com/" } }, "/links/started"],
          [{ links: { alert: `https://example.com/${"x".repeat(4096)}` } }, "/links/alert"],
          [{ observations: [{ name: "x", link: "file:///etc/passwd" }] }, "/observations/0/link"]
        ] as const
      ).map(([changes, path], n) => [n, path, changes] as const)
    )("refuse alert %i at %s", ([, path, changes]) =>
      Effect.gen(function* () {
        const errors = yield* refused(alert("refused", changes))
        assert.deepStrictEqual(
          errors.map((error) => error.path),
          [path]
        )
      })
    )

    it.effect("list a hundred errors of many, and count the rest", () =>
      Effect.gen(function* () {
        const many = Object.fromEntries(Array.from({ length: 300_000 }, (_, n) => [`f${n}`, 0]))
        const answer = yield* ask(400, "POST", "/v1/alerts", alert("many", many))
        assert.lengthOf(errorsOf(answer), 100)
        assert.include(answer.as(Problem).detail, "300000 errors in all, of which 100 are listed")
      })
    )

    it.effect("cut what a source sends, and refuse nothing", () =>
      Effect.gen(function* () {
        const trigger = JSON.parse(yield* fixture("trigger")) as { readonly alert: object }
        const extra = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`extra${n}`, "x".repeat(2000)]))
        const agents = Array.from({ length: 5003 }, (_, n) => ({ agentId: n, agentName: `Agent ${n}` }))
        const testTargetsDescription = Array.from({ length: 70 }, (_, n) => `target-${n}`)
        const sent = {
          ...trigger.alert,
          ...extra,
          agents,
          testTargetsDescription,
          alertId: "i".repeat(600),
          ruleName: "n".repeat(5000)
        }
        yield* ask(200, "POST", source, { ...trigger, alert: sent })
        const { items } = (yield* ask(200, "GET", "/v1/alerts?source=thousandeyes")).as(listOf(Alert))
        const [taken] = items
        assert.strictEqual(taken?.sourceId, `${"i".repeat(511)}…`)
        assert.strictEqual(taken?.rule.name, `${"n".repeat(4095)}…`)
        assert.strictEqual(taken?.labels["labelsOmitted"], "37")
        assert.strictEqual(taken?.observationsOmitted, 3)
        assert.strictEqual(taken?.test?.targets?.at(-1), "and 7 more")
      })
    )
  })
})

describe("The limits of the configuration", { timeout: 60_000 }, () => {
  layer(SharedWorld.layer(), { excludeTestServices: true })((it) => {
    const rule = { name: "R", match: {}, integrations: [] }
    const many = (length: number) => Array.from({ length }, (_, n) => `${n}`)

    it.effect.each(
      (
        [
          [{ ...rule, id: "." }, "/id"],
          [{ ...rule, id: ".." }, "/id"],
          [{ ...rule, id: "a".repeat(65) }, "/id"],
          [{ ...rule, name: "n".repeat(4097) }, "/name"],
          [{ ...rule, integrations: many(1001) }, "/integrations"],
          [{ ...rule, match: { test: many(1001) } }, "/match/test"],
          [{ ...rule, match: { labels: { team: ["*".repeat(4097)] } } }, "/match/labels/team/0"],
          [{ ...rule, match: { labels: Object.fromEntries(many(65).map((name) => [name, "*"])) } }, "/match/labels"]
        ] as const
      ).map(([body, path], n) => [n, path, body] as const)
    )("refuse rule %i at %s", ([, path, body]) =>
      Effect.gen(function* () {
        const errors = yield* refused(body, "/v1/rules")
        assert.include(
          errors.map((error) => error.path),
          path
        )
      })
    )

    it.effect("let pass what is just within them", () => {
      const longest = "n".repeat(4096)
      const match = { source: many(1000), rule: longest, labels: Object.fromEntries(many(64).map((l) => [l, longest])) }
      return ask(201, "POST", "/v1/rules", { ...rule, id: "a".repeat(64), name: longest, match })
    })

    it.effect("refuse an integration's id or name beyond them", () =>
      Effect.gen(function* () {
        const integration = { type: "slack", settings: { url: "https://hooks.slack.com/services/T0/B0/x" } }
        const errors = yield* refused({ ...integration, id: "..", name: "n".repeat(4097) }, "/v1/integrations")
        assert.deepStrictEqual(errors.map(({ path }) => path).toSorted(), ["/id", "/name"])
      })
    )
  })
})

describe("Texts that JavaScript or a store treats apart", { timeout: 60_000 }, () => {
  layer(SharedWorld.layer(), { excludeTestServices: true })((it) => {
    it.effect("halves of surrogate pairs and NUL become U+FFFD, on their whole way", () =>
      Effect.gen(function* () {
        const world = yield* SharedWorld
        const room = yield* world.room("odd", { match: { source: "odd" } })
        const escapes = String.raw`a\ud800b\udc00c\u0000d\ud83d\ude00e\\u0000f\ud83d`
        const text = "a\uFFFDb\uFFFDc\uFFFDd😀e\\u0000f\uFFFD"
        const body = JSON.stringify(
          alert("odd", { id: "@", summary: "@", rule: { name: "@" }, labels: { "@": "@" } })
        ).replaceAll("@", escapes)
        const taken = yield* posted(body)
        assert.strictEqual(taken.sourceId, text)
        assert.strictEqual(taken.rule.name, text)
        assert.deepStrictEqual(taken.labels, { [text]: text })
        const [told] = yield* room.told(1)
        assert.include(told?.slack.shown, text)
        assert.include(told?.hipChat.shown, text)
        const rule = (yield* ask(201, "POST", "/v1/rules", `{"name":"${escapes}","match":{},"integrations":[]}`)).text
        assert.include(rule, JSON.stringify(text))
      })
    )

    it.effect("names that JavaScript reserves are names like others", () =>
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

    it.effect("a number beyond all numbers is refused", () =>
      Effect.gen(function* () {
        const rule = '{"name":"R","match":{},"integrations":[],"enabled":1e999}'
        assert.strictEqual((yield* refused(rule, "/v1/rules"))[0]?.path, "/enabled")
        const integration = '{"name":"I","type":"slack","settings":{"url":1e999},"limits":{"messages":-1e999}}'
        const paths = (yield* refused(integration, "/v1/integrations")).map(({ path }) => path)
        assert.include(paths, "/settings/url")
        assert.include(paths, "/limits/messages")
      })
    )

    it.effect("a byte order mark is no part of the JSON", () => ask(202, "POST", "/v1/alerts", "\uFEFF[]"))

    it.effect("of a field that a source sends twice the last counts", () =>
      Effect.gen(function* () {
        const trigger = yield* fixture("trigger")
        yield* ask(200, "POST", source, trigger.replace('"ruleName":', '"ruleName": "First", "ruleName":'))
        const { items } = (yield* ask(200, "GET", "/v1/alerts?source=thousandeyes")).as(listOf(Alert))
        assert.strictEqual(items[0]?.rule.name, "HTTP errors")
      })
    )
  })
})

describe("Times", { timeout: 60_000 }, () => {
  layer(SharedWorld.layer(), { excludeTestServices: true })((it) => {
    it.effect.each([
      "2026-02-30T00:00:00Z",
      "2026-02-29T00:00:00+14:00",
      "2026-13-01T00:00:00Z",
      "2026-01-01T24:00:00Z",
      "2026-01-01T00:00:00+99:00",
      "2026-01-01T00:00:00 CDT",
      "2026-01-01",
      "1969-12-31T23:59:59Z",
      "0001-01-01T00:00:00Z",
      "+010000-01-01T00:00:00Z",
      "9999-12-31T23:59:59-01:00",
      "now",
      1_767_225_600
    ])("refuse %j", (startedAt) =>
      Effect.gen(function* () {
        const [error, ...others] = yield* refused(alert("times", { startedAt }))
        assert.lengthOf(others, 0)
        assert.strictEqual(error?.path, "/startedAt")
        assert.include(error?.expected, "an RFC 3339 time such as 2026-01-15T02:00:00Z")
      })
    )

    it.effect.each([
      ["2026-01-15T02:00:00+02:00", "2026-01-15T00:00:00.000Z"],
      ["2024-02-29t23:59:59.123456789-01:00", "2024-03-01T00:59:59.123Z"],
      ["2026-01-15 02:00z", "2026-01-15T02:00:00.000Z"],
      ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"]
    ])("take %s", ([startedAt, iso]) =>
      Effect.gen(function* () {
        const taken = yield* posted(alert("times", { id: startedAt, startedAt }))
        assert.strictEqual(taken.startedAt.toJSON(), iso)
        assert.isUndefined(taken.assumedTimeZone)
      })
    )

    it.effect("without a zone are read as UTC, and the messages say so", () =>
      Effect.gen(function* () {
        const room = yield* (yield* SharedWorld).room("unzoned", { match: { source: "unzoned" } })
        const taken = yield* posted(alert("unzoned", { startedAt: "2026-01-15T02:00:00" }))
        assert.strictEqual(taken.startedAt.toJSON(), "2026-01-15T02:00:00.000Z")
        assert.deepStrictEqual(taken.assumedTimeZone, { zone: "UTC" })
        const [told] = yield* room.told(1)
        const note = "The source states no time zone; its times were read as UTC."
        assert.include(told?.slack.shown, note)
        assert.include(told?.hipChat.shown, note)
        const clear = alert("unzoned", { id: "2", state: "cleared", clearedAt: "2026-01-15T02:00:00" })
        assert.deepStrictEqual((yield* posted(clear)).assumedTimeZone, { zone: "UTC" })
      })
    )

    it.effect("and other fields that are missing or wrong are told in words", () =>
      Effect.gen(function* () {
        const errors = yield* refused({ severity: "s3cr3t" })
        assert.deepStrictEqual(Object.fromEntries(errors.map(({ expected, path }) => [path, expected])), {
          "/source": "1 to 64 of the characters A-Z a-z 0-9 . _ -",
          "/id": "a text that is not empty",
          "/state": "one of raised, cleared",
          "/startedAt": "an RFC 3339 time such as 2026-01-15T02:00:00Z, of a day that exists, from 1970 to 9999",
          "/severity": "one of info, minor, major, critical",
          "/rule": "an object"
        })
      })
    )
  })
})

describe("A body that is kept", { timeout: 60_000 }, () => {
  const token = "0ur-0wn-t0ken"
  const canary = "c4n4ry"

  layer(SharedWorld.layer({ TOCSIN_TOKEN: token }), { excludeTestServices: true })((it) => {
    const headers = { authorization: `Bearer ${token}` }
    const keep = Effect.fnUntraced(function* (wanted: number, body: string | Uint8Array) {
      const world = yield* SharedWorld
      const { status, text } = yield* send(world.gateway().url, { method: "POST", path: source, headers, body })
      assert.strictEqual(status, wanted, text)
      assert.notInclude(text, canary)
      const list = yield* world.request("GET", "/v1/sources/unreadable?limit=1", undefined, headers)
      return list.as(listOf(UnreadableBody)).items[0]
    })

    it.effect.each([
      `{"x": "${token}", "kept": 1}`,
      `{"url": "https://user:${canary}@example.com/kept"}`,
      String.raw`{"url": "https:\/\/${canary}@example.com\/kept"}`,
      `{"url": "https://example.com/kept?a=1&auth_token=${canary}&b=kept"}`,
      `{"url": "https://example.com/kept?a=1&amp;API_KEY=${canary}"}`,
      ...["token", "Password", "client_secret", "authorization", "api_key", "apikey", "auth_token", "access_token"].map(
        (name) => `{"${name}": "${canary}", "kept": 1}`
      ),
      `{"accessToken": "\\"${canary}", "kept": 1}`,
      `{"routing_key": ${canary}, "kept": 1}`,
      `{"secret": {"a": ["}", {"b": "${canary}"}]}, "kept": 1}`,
      `{"secrets": ["x", "${canary}"], "kept": 1}`,
      String.raw`{"text": "{\"token\": \"a\\\"${canary}\", \"kept\": 1}"}`,
      `{"header": "Bearer ${canary}.x-y_z", "kept": 1}`,
      `{"headers": ["kept", "basic ${canary}=="]}`,
      `Authorization: Digest ${canary}\nkept: 1`,
      `kept=1&password=${canary}`,
      `kept=1&password%3D${canary}`,
      `{"kept": 1, "token": "${canary}`,
      `{"kept": 1, "token": {"a": "${canary}`
    ])("has no credential in it: %s", (body) =>
      Effect.gen(function* () {
        const item = yield* keep(body.startsWith("{") && isJson(body) ? 200 : 400, body)
        assert.notInclude(item?.body, canary)
        assert.notInclude(item?.body, token)
        assert.include(item?.body, "<redacted>")
        assert.include(item?.body, "kept")
        assert.strictEqual(item?.source, "thousandeyes")
        assert.isAtLeast(item?.receivedAt.epochMilliseconds ?? 0, Date.UTC(2025, 0))
      })
    )

    it.effect("is the whole body but for that, with the reason, whatever was wrong with it", () =>
      Effect.gen(function* () {
        const deep = yield* keep(400, nested(33))
        assert.strictEqual(deep?.body, nested(33))
        assert.include(deep?.why, "nested more than 32 levels")
        const notUtf8 = yield* keep(400, Buffer.from([0x22, 0xff, 0x00, 0x22]))
        assert.strictEqual(notUtf8?.body, '"\uFFFD\uFFFD"')
        assert.include(notUtf8?.why, "byte 1 ")
        const long = yield* keep(400, "x".repeat(70_000))
        assert.strictEqual(long?.body, `${"x".repeat(65_535)}…`)
      })
    )

    it.effect("costs no more time the more it looks like credentials", () =>
      Effect.gen(function* () {
        for (const part of ["token", "token=", "\\", '"token":{', '\\"token\\":\\"', "://", "Bearer ", " "]) {
          yield* keep(400, part.repeat(4_000_000 / part.length))
        }
      })
    )
  })
})

const isJson = (text: string) => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
