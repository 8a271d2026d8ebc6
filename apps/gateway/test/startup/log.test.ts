import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Schema } from "effect"
import { TestConsole } from "effect/testing"
import manifest from "../../package.json" with { type: "json" }
import * as Log from "../../src/startup/log.ts"
import { until } from "../harness/gate.ts"
import { refused } from "../harness/refusal.ts"
import { makeInProcess, type Harness } from "../harness/gateway.ts"
import { builtIn, builtInPackages, describePlugin } from "../../src/startup/Plugins.ts"

const decode = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      timestamp: Schema.String,
      level: Schema.String,
      message: Schema.String,
      annotations: Schema.Record(Schema.String, Schema.Unknown)
    })
  )
)

/** The lines of JSON that the gateway has logged. */
const lines = (harness: Harness) =>
  harness
    .gateway()
    .printed()
    .trimEnd()
    .split("\n")
    .map((line) => decode(line))

const token = "a-token-of-24-characters"

/** An integration, a rule and an unreadable body, made, replaced and removed by a caller with a name. */
const edits = Effect.fnUntraced(function* (harness: Harness) {
  const headers = { authorization: `Basic ${btoa(`ada:${token}`)}` }
  const ask = (method: "POST" | "PUT" | "DELETE", path: string, body?: unknown) =>
    harness.request(method, path, body, headers)
  const integration = { name: "Ops", type: "slack", settings: { url: `${harness.slackUrl}/services/T0/B0/s3cr3t` } }
  yield* ask("POST", "/v1/integrations", { id: "ops", ...integration })
  yield* ask("PUT", "/v1/rules/all", { name: "All", match: {}, integrations: ["ops"] })
  yield* ask("PUT", "/v1/rules/all", { name: "All", match: {}, integrations: [] })
  yield* ask("DELETE", "/v1/rules/all")
  yield* ask("DELETE", "/v1/integrations/ops")
  yield* ask("POST", "/v1/sources/thousandeyes", { password: "s3cr3t" })
})

const edited = [
  "Integration ops was created by ada at 127.0.0.1.",
  "Rule all was created by ada at 127.0.0.1.",
  "Rule all was replaced by ada at 127.0.0.1.",
  "Rule all was removed by ada at 127.0.0.1.",
  "Integration ops was removed by ada at 127.0.0.1."
]

const plugins = builtIn.map((plugin) => describePlugin(plugin, builtInPackages))

describe("The log", () => {
  it.live("consists of dated lines with a level, and begins with the version", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess({ TOCSIN_TOKEN: token })
      yield* edits(harness)
      const printed = harness.gateway().printed()
      const date = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`
      const start = `INFO  Tocsin ${manifest.version} listens on ${harness.gateway().url}, with its data in ${harness.database} and the plugins ${plugins.join(", ")}. Callers need the token.`
      assert.match(printed, new RegExp(`^${date} ${start.replaceAll(".", "\\.")}`, "m"))
      for (const line of edited)
        assert.match(printed, new RegExp(`^${date} INFO  ${line.replaceAll(".", "\\.")}$`, "m"))
      assert.match(printed, new RegExp(`^${date} WARN  A body from source thousandeyes is unreadable: `, "m"))
      assert.notInclude(printed, "s3cr3t")
      assert.notInclude(printed, token)
    }).pipe(Effect.scoped)
  )

  it.live("has one JSON object per line with TOCSIN_LOG=json", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess({ TOCSIN_TOKEN: token, TOCSIN_LOG: "json" })
      yield* edits(harness)
      const all = lines(harness)
      const [start] = all.filter(({ annotations }) => annotations["event"] === "start")
      assert.deepInclude(start?.annotations, {
        version: manifest.version,
        url: harness.gateway().url,
        store: harness.database,
        plugins
      })
      assert.deepStrictEqual(
        all.flatMap(({ annotations, message }) => (annotations["event"] === "edit" ? [message] : [])),
        edited
      )
      const [body] = all.filter(({ annotations }) => annotations["event"] === "unreadable-body")
      assert.deepStrictEqual([body?.level, body?.annotations["source"]], ["WARN", "thousandeyes"])
    }).pipe(Effect.scoped)
  )

  it.effect.each([
    ["debug", ["DEBUG d", "INFO  i", "WARN  w", "ERROR e"]],
    ["info", ["INFO  i", "WARN  w", "ERROR e"]],
    ["warn", ["WARN  w", "ERROR e"]],
    ["error", ["ERROR e"]]
  ] as const)("leaves out what is less severe than TOCSIN_LOG_LEVEL=%s", ([level, expected]) =>
    Effect.gen(function* () {
      yield* Effect.all([Effect.logDebug("d"), Effect.logInfo("i"), Effect.logWarning("w"), Effect.logError("e")]).pipe(
        Effect.provide(Log.layer),
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({ TOCSIN_LOG_LEVEL: level })))
      )
      const printed = (yield* TestConsole.logLines).map((line) => String(line).replace("1970-01-01T00:00:00.000Z ", ""))
      assert.deepStrictEqual(printed, [...expected])
    })
  )

  it.live("has one line when an address is throttled, however much it sends", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess({ TOCSIN_TOKEN: token, TOCSIN_LOG: "json" })
      const guess = harness.request("GET", "/v1/rules", undefined, { authorization: "Bearer a-wrong-guess-of-a-token" })
      yield* Effect.all(
        Array.from({ length: 30 }, () => guess),
        { concurrency: "unbounded" }
      )
      const throttled = () => lines(harness).filter(({ annotations }) => annotations["event"] === "sign-in-throttled")
      yield* until("the line", () => throttled().length > 0)
      assert.deepStrictEqual(
        throttled().map(({ message }) => message),
        ["Sign-in from 127.0.0.1 is throttled after 5 wrong credentials."]
      )
    }).pipe(Effect.scoped)
  )

  it.live("keeps untrusted text on one line", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess()
      const settings = { url: `${harness.slackUrl}/services/T0/B0/hook` }
      yield* harness.request("POST", "/v1/integrations", { id: "ops", name: "Ops", type: "slack", settings })
      yield* harness.request("PUT", "/v1/rules/all", { name: "All", match: {}, integrations: ["ops"] })
      harness.slack.script({ status: 403, body: "no\n2026-01-01T00:00:00.000Z ERROR a line\u001b[31m of its own" })
      const alert = { source: "s", id: "1", state: "raised", startedAt: "2026-01-01T00:00:00Z", rule: { name: "r" } }
      yield* harness.request("POST", "/v1/alerts", alert)
      yield* until("the line", () => harness.gateway().printed().includes("Integration ops is broken"))
      assert.notMatch(harness.gateway().printed(), /^2026-01-01T00:00:00\.000Z/m)
      assert.notInclude(harness.gateway().printed(), "\u001b")
    }).pipe(Effect.scoped)
  )

  it.live.each([
    [{ TOCSIN_LOG: "xml" }, "TOCSIN_LOG: Expected text or json"],
    [{ TOCSIN_LOG_LEVEL: "loud" }, "TOCSIN_LOG_LEVEL: Expected error, warn, info or debug"]
  ] as const)("refuses %j", ([settings, expected]) =>
    Effect.map(refused({ TOCSIN_DATABASE_URL: "sqlite::memory:", ...settings }), (sentence) =>
      assert.include(sentence, expected)
    )
  )
})
