/**
 * Secrets are planted wherever someone can enter one, and looked for wherever something is kept or told.
 */
import { assert, describe, it } from "@effect/vitest"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Integration } from "@tocsin/client"
import { FakeServer } from "@tocsin/core/fakes"
import { FakeHipChat } from "@tocsin/plugin-hipchat/testing"
import { FakeSlack } from "@tocsin/plugin-slack/testing"
import { ConfigProvider, Effect, Layer, Logger, References, Schema, Tracer } from "effect"
import { HttpClient, HttpClientRequest, type HttpMethod } from "effect/http"
import { existsSync, mkdtempSync, readFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Gateway from "../../src/Gateway.ts"
import * as Plugins from "../../src/startup/Plugins.ts"
import { Settings } from "../../src/startup/settings/Settings.ts"
import { eventually } from "../harness/gate.ts"

/** One for each place; none is a part of another, or of anything else. */
const canaries = {
  token: "canary-of-the-token-q7x",
  slackHook: "canaryofthehookK9w",
  hipChatUrl: "canaryoftheurltokenM3v",
  hipChatToken: "canaryoftheauthtokenP5z",
  wrongToken: "canary-of-a-wrong-token-r2y",
  refused: "canary-of-refused-settings-t8u",
  unsaved: "canaryofunsavedsettingsW4s",
  unreadable: "canary-of-an-unreadable-body-b6n",
  key: Buffer.from("canary of the sealing key 32 byt").toString("base64"),
  previousKey: Buffer.from("canary of the key before it, 32b").toString("base64")
}

/** Each canary as it could be written: plain, in base64, or percent-encoded; the middle of it is enough. */
const spellings = (canary: string) => [
  canary,
  Buffer.from(canary).toString("base64url").slice(2, -4),
  Buffer.from(`:${canary}`).toString("base64url").slice(4, -4),
  canary.slice(3, -3)
]

const freePort = Effect.promise(
  () =>
    new Promise<number>((resolve, reject) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const address = server.address()
        server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(address)))
      })
    })
)

/** Everything that is logged or traced, as text. */
const watched = () => {
  const kept: Array<string> = []
  const keep = (value: unknown) =>
    kept.push(JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}` : v)) ?? "")
  const spans: Array<Tracer.NativeSpan> = []
  const logger = Logger.map(Logger.formatStructured, keep)
  const layer = Layer.mergeAll(
    Logger.layer([logger]),
    Layer.succeed(References.MinimumLogLevel, "All"),
    Layer.succeed(
      Tracer.Tracer,
      Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
    )
  )
  const text = () =>
    [
      ...kept,
      ...spans.map(({ attributes, events, name, status }) =>
        [
          name,
          JSON.stringify([...attributes]),
          JSON.stringify(events, (_, v) => (typeof v === "bigint" ? `${v}` : v)),
          String(status._tag === "Ended" ? status.exit : "")
        ].join(" ")
      )
    ].join("\n")
  return { layer, spans, text }
}

describe("Canaries", () => {
  it.live("are in no database, backup, log of any level, span, metric, audit entry or other answer", () =>
    Effect.gen(function* () {
      const slack = new FakeSlack()
      const slackUrl = yield* FakeServer.serve(slack)
      const hipChatUrl = yield* FakeServer.serve(new FakeHipChat({ token: canaries.hipChatToken }))
      const database = join(mkdtempSync(join(tmpdir(), "tocsin-canary-")), "tocsin.db")
      const port = yield* freePort
      const environment = {
        TOCSIN_PORT: String(port),
        TOCSIN_DATABASE_URL: `sqlite:${database}`,
        TOCSIN_TOKEN: canaries.token,
        TOCSIN_KEY: canaries.key,
        TOCSIN_KEY_PREVIOUS: canaries.previousKey,
        TOCSIN_EGRESS_ALLOW: "127.0.0.1"
      }
      const { layer, spans, text } = watched()
      yield* Layer.build(
        Gateway.layer({ plugins: Plugins.builtIn }).pipe(
          Layer.provide(Settings.layer),
          Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(environment))),
          Layer.provide(layer)
        )
      )

      const answers: Array<string> = []
      const request = Effect.fnUntraced(
        function* (
          method: HttpMethod.HttpMethod,
          path: string,
          body?: unknown,
          authorization = `Bearer ${canaries.token}`
        ) {
          const bare = HttpClientRequest.make(method)(`http://127.0.0.1:${port}${path}`).pipe(
            HttpClientRequest.setHeaders({ authorization })
          )
          const text = typeof body === "string" ? body : JSON.stringify(body)
          const response = yield* HttpClient.execute(
            body === undefined ? bare : HttpClientRequest.bodyText(bare, text, "application/json")
          )
          const answered = yield* response.text
          answers.push(JSON.stringify(response.headers), answered)
          return { status: response.status, text: answered }
        },
        Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
      )

      const create = Effect.fnUntraced(function* (id: string, type: string, settings: object) {
        const { status, text } = yield* request("POST", "/v1/integrations", { id, name: id, type, settings })
        assert.strictEqual(status, 201, text)
      })
      const hook = `${slackUrl}/services/T0/B0/${canaries.slackHook}`
      yield* create("hook", "slack", { url: hook, channel: "#seen" })
      yield* create("broken-hook", "slack", { url: `${hook}/broken` })
      yield* create("room", "hipchat", {
        url: `${hipChatUrl}/v2/room/1/notification?auth_token=${canaries.hipChatUrl}`
      })
      yield* create("other-room", "hipchat", {
        url: `${hipChatUrl}/v2/room/2/notification`,
        authToken: canaries.hipChatToken
      })
      // A service that repeats what it was sent, in an answer that is kept as the cause.
      slack.script({ status: 403, body: `No such hook: ${hook} or ${encodeURIComponent(hook)}` })
      const ids = ["hook", "broken-hook", "room", "other-room"]
      // Some tools send the token as the user, too; the log names the user of an edit.
      const both = `Basic ${btoa(`${canaries.token}:${canaries.token}`)}`
      yield* request("POST", "/v1/rules", { id: "all", name: "All", match: {}, integrations: ids }, both)
      yield* request("POST", "/v1/alerts", {
        source: "canary",
        id: "1",
        state: "raised",
        startedAt: "2026-01-01T00:00:00Z",
        rule: { name: "seen" }
      })
      const shown = Effect.map(request("GET", "/v1/integrations"), ({ text }) => decodeList(text).items)
      yield* eventually("every lane to have tried", shown, (items) =>
        items.every(({ broken, lastSuccessAt }) => broken !== undefined || lastSuccessAt !== undefined)
      )
      for (const id of ids) yield* request("POST", `/v1/integrations/${id}/test`)
      const unsaved = { url: `${slackUrl}/services/T0/B0/${canaries.unsaved}` }
      yield* request("POST", "/v1/integrations/test", { name: "x", type: "slack", settings: unsaved })

      // What is refused, in every place where a secret could stand.
      const { refused } = canaries
      for (const body of [
        { name: "x", type: "slack", settings: { url: `ftp://${refused}` } },
        { name: "x", type: "slack", settings: { url: hook, chanel: refused } },
        { name: "x", type: refused, settings: { url: refused } },
        {
          name: "x",
          type: "hipchat",
          settings: { url: `http://${refused}:${refused}@room.example/`, authToken: refused }
        },
        { name: "x", type: "hipchat", settings: { url: hipChatUrl, authToken: `${refused} ${refused}` } },
        { name: "x", type: "slack", settings: { url: `https://169.254.169.254/${refused}` } },
        `{"settings": {"url": "${refused}"`
      ]) {
        for (const [method, path] of [
          ["POST", "/v1/integrations"],
          ["PUT", "/v1/integrations/hook"],
          ["POST", "/v1/integrations/test"],
          ["POST", "/v1/integrations/room/test"]
        ] as const) {
          const { status } = yield* request(method, path, body)
          assert.strictEqual(status, 400)
        }
      }
      const { unreadable, wrongToken } = canaries
      yield* request("POST", "/v1/sources/thousandeyes", { password: unreadable, nested: { api_key: unreadable } })
      yield* request("POST", "/v1/sources/thousandeyes", `{"auth_token": "${unreadable}", "x": Bearer ${unreadable}`)
      for (const authorization of [`Bearer ${wrongToken}`, `Basic ${btoa(`:${wrongToken}`)}`]) {
        assert.strictEqual((yield* request("GET", "/v1/alerts", undefined, authorization)).status, 401)
      }
      for (const path of [
        "/v1/integrations",
        "/v1/deliveries",
        "/v1/sources/unreadable",
        "/v1/plugins",
        "/openapi.json",
        "/metrics",
        "/v1/audit?limit=500"
      ]) {
        assert.strictEqual((yield* request("GET", path)).status, 200)
      }
      assert.include((yield* request("POST", "/v1/backup")).text, "No such hook")

      const files = ["", "-wal", "-shm", ".key"].map((suffix) => `${database}${suffix}`).filter(existsSync)
      const places = {
        answers: answers.join("\n"),
        database: files.map((file) => readFileSync(file, "latin1")).join("\n"),
        "logs and spans": text()
      }
      // The search finds what is not secret.
      assert.include(places.answers, "#seen")
      assert.include(places.answers, "No such hook")
      assert.include(places.answers, `tocsin_attempts_total{integration="hook"`)
      assert.include(places.answers, `"action":"created","kind":"integration","id":"hook"`)
      assert.include(places.database, "No such hook")
      assert.isAbove(spans.length, 50)
      assert.include(places["logs and spans"], "/v1/integrations")
      for (const line of [
        /Rule all was created by 127\.0\.0\.1\./,
        // Whichever of the two lanes was first.
        /Integration (broken-)?hook is broken: Unauthorized: .*No such hook/,
        /A body from source thousandeyes is unreadable/
      ]) {
        assert.match(places["logs and spans"], line)
      }
      for (const [place, haystack] of Object.entries(places)) {
        for (const [name, canary] of Object.entries(canaries)) {
          for (const spelling of spellings(canary)) {
            const at = haystack.indexOf(spelling)
            assert.strictEqual(at, -1, `${name} in the ${place}: ${haystack.slice(at - 200, at + 100)}`)
          }
        }
      }
    }).pipe(Effect.provide(NodeHttpClient.layerUndici), Effect.scoped)
  )
})

const decodeList = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.toCodecJson(Schema.Struct({ items: Schema.Array(Integration) })))
)
