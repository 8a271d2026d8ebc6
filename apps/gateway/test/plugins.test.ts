import { assert, describe, it } from "@effect/vitest"
import { Integration, Plugin } from "@tocsin/client"
import { Effect, Schema } from "effect"
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as GatewayProcess from "../demo/gatewayProcess.ts"
import { until } from "./gate.ts"
import { make } from "./world.ts"

/** A plugin as its author publishes it, in JavaScript, of the type `pager`; it posts to Slack's stand-in. */
const pager = `
import { ChannelPlugin, HttpChannel, Message } from "@tocsin/core"
import { Schema } from "effect"
import { HttpClientRequest } from "effect/http"

export class Pager extends ChannelPlugin.Service()("pager", {
  title: "Pager",
  settings: Schema.Struct({ url: Schema.Redacted(Schema.String).annotateKey({ title: "URL", description: "Where to" }) }),
  settingsVersion: 1,
  example: { url: "https://pager.example.com/" },
  setup: ["Take any URL."],
  budgets: () => [{ key: "pager", messages: 1000, perSeconds: 1, burst: 1000 }],
  sizes: { text: 1000 },
  capabilities: {}
}) {
  static layer = HttpChannel.layer(Pager, {
    request: (_, notification) => HttpClientRequest.post(process.env.PAGER_URL).pipe(
      HttpClientRequest.bodyJsonUnsafe({ text: Message.fromNotification(notification).headline, parse: "none", unfurl_links: false, unfurl_media: false })
    )
  })
}`

/** A folder into which these packages were installed, each with an `effect` and a core that must not be used. */
const folder = (packages: { readonly [name: string]: { readonly main: string; readonly peers?: object } }) => {
  const dir = mkdtempSync(join(tmpdir(), "tocsin-plugins-"))
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), text)
  }
  for (const [name, { main, peers = {} }] of Object.entries(packages)) {
    const manifest = { name, version: "1.0.0", type: "module", exports: "./index.js", peerDependencies: peers }
    write(`node_modules/${name}/package.json`, JSON.stringify(manifest))
    write(`node_modules/${name}/index.js`, main)
  }
  for (const name of ["effect", "@tocsin/core"]) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: "9.9.9", exports: "./index.js" }))
    write(`node_modules/${name}/index.js`, `throw new Error("the wrong ${name}")`)
  }
  return dir
}

const refusal = (settings: { readonly [name: string]: string }) =>
  GatewayProcess.start({
    TOCSIN_DATABASE_URL: `sqlite:${join(mkdtempSync(join(tmpdir(), "tocsin-plugins-")), "a.db")}`,
    ...settings
  }).pipe(
    Effect.flip,
    Effect.map(({ message }) => message)
  )

describe("TOCSIN_PLUGINS", { timeout: 60_000 }, () => {
  it.live(
    "loads a package from TOCSIN_PLUGINS_DIR, with the gateway's own core and effect, and delivers through it",
    () =>
      Effect.gen(function* () {
        const dir = folder({ "@acme/tocsin-plugin-pager": { main: pager, peers: { effect: "~4.1.0" } } })
        const slack = yield* make()
        const world = yield* make({
          TOCSIN_PLUGINS: " @acme/tocsin-plugin-pager",
          TOCSIN_PLUGINS_DIR: dir,
          PAGER_URL: slack.slackUrl
        })
        const { items } = (yield* world.request("GET", "/v1/plugins")).as(
          Schema.Struct({ items: Schema.Array(Plugin) })
        )
        assert.deepStrictEqual(
          items.map(({ type }) => type),
          ["slack", "hipchat", "pager"]
        )
        const settings = { url: slack.slackUrl }
        const made = yield* world.request("POST", "/v1/integrations", {
          id: "p",
          name: "Pager",
          type: "pager",
          settings
        })
        assert.deepStrictEqual(made.as(Integration).secretsSet, ["/url"])
        yield* world.request("POST", "/v1/rules", { name: "All", match: {}, integrations: ["p"] })
        const alert = {
          source: "curl",
          id: "a",
          state: "raised",
          startedAt: "2026-01-01T00:00:00Z",
          rule: { name: "Disk full" }
        }
        const posted = yield* world.request("POST", "/v1/alerts", alert)
        assert.strictEqual(posted.status, 202, posted.text)
        yield* until("the message", () => slack.slack.messages.length === 1)
      })
  )

  it.live("without the package its integration is broken and says so; all else goes on, and what it owes waits", () =>
    Effect.gen(function* () {
      const slack = yield* make()
      const dir = folder({ pager: { main: pager } })
      const settings = { TOCSIN_PLUGINS: "pager", TOCSIN_PLUGINS_DIR: dir, PAGER_URL: slack.slackUrl }
      const world = yield* make(settings)
      const made = { id: "p", name: "Pager", type: "pager", settings: { url: slack.slackUrl } }
      yield* world.request("POST", "/v1/integrations", made)
      yield* world.request("POST", "/v1/rules", { id: "all", name: "All", match: {}, integrations: ["p"] })
      yield* world.gateway().stop("SIGTERM")

      const environment = { TOCSIN_DATABASE_URL: `sqlite:${world.database}`, TOCSIN_EGRESS_ALLOW: "127.0.0.1" }
      const without = yield* GatewayProcess.start(environment)
      const ask = (method: string, path: string, body?: unknown) =>
        Effect.promise(async () => {
          const headers = { "content-type": "application/json" }
          const sent = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) }
          const answer = await fetch(`${without.url}${path}`, sent)
          return { status: answer.status, text: await answer.text() }
        })
      const startedAt = "2026-01-01T00:00:00Z"
      const alert = { source: "curl", id: "a", state: "raised", startedAt, rule: { name: "Disk full" } }
      const posted = yield* ask("POST", "/v1/alerts", alert)
      assert.strictEqual(posted.status, 202)
      const [, id = ""] = /"id":"([^"]+)"/.exec(posted.text) ?? []
      const says = "No plugin for the type pager is installed"
      const other = { id: "s", name: "S", type: "slack", settings: { url: slack.slackUrl }, fallback: "p" }
      for (const [method, path, status, includes, body] of [
        ["GET", "/v1/integrations", 200, says],
        ["GET", "/v1/integrations/p", 200, `"state":"broken"`],
        ["POST", "/v1/integrations/p/test", 400, says],
        ["POST", "/v1/integrations/p/preview", 400, says],
        ["PUT", "/v1/integrations/p", 400, "one of the installed types", made],
        ["POST", "/v1/integrations", 201, "", other],
        ["POST", "/v1/rules/preview", 200, "", { name: "New", match: {}, integrations: ["p"] }],
        ["GET", `/v1/alerts/${id}/explain`, 200, "p"],
        ["GET", "/v1/deliveries?status=open", 200, `"status":"pending"`]
      ] as const) {
        const answer = yield* ask(method, path, body)
        assert.strictEqual(answer.status, status, `${method} ${path}: ${answer.text}`)
        assert.include(answer.text, includes)
        assert.notInclude(answer.text, slack.slackUrl)
      }
      assert.strictEqual(yield* without.stop("SIGTERM"), 0)

      yield* world.start
      yield* until("the message", () => slack.slack.messages.length === 1)
      yield* world.gateway().stop("SIGTERM")
      const again = yield* GatewayProcess.start(environment)
      const removed = yield* Effect.promise(() =>
        fetch(`${again.url}/v1/integrations/p?force=true`, { method: "DELETE" })
      )
      assert.strictEqual(removed.status, 204)
    })
  )

  it.live.each([
    { name: "is not installed", main: undefined, says: "acme: it is not installed. Install it with npm" },
    { name: "throws", main: "throw new Error('at once')", says: "acme: it cannot be loaded: at once" },
    { name: "is no plugin", main: "export const Slack = class {}", says: "acme: it exports no channel plugin" },
    { name: "serves a type that is taken", main: pager.replaceAll("pager", "slack"), says: "it serves the type slack" },
    {
      name: "was made for another core",
      main: pager,
      peers: { "@tocsin/core": "^7.0.0" },
      says: "acme: it was made for @tocsin/core ^7.0.0, and this gateway has"
    }
  ])("refuses to start with a package that $name", ({ main, peers, says }) =>
    Effect.gen(function* () {
      const dir = folder(main === undefined ? {} : { acme: { main, ...(peers && { peers }) } })
      const said = yield* refusal({ TOCSIN_PLUGINS: "acme", TOCSIN_PLUGINS_DIR: dir })
      assert.include(said, `TOCSIN_PLUGINS: ${says.startsWith("acme") ? says : `acme: ${says}`}`)
      assert.notInclude(said, "    at ")
    })
  )

  it.live("refuses what is no name of a package", () =>
    Effect.gen(function* () {
      assert.include(yield* refusal({ TOCSIN_PLUGINS: "../evil.js" }), "TOCSIN_PLUGINS: ")
    })
  )
})
