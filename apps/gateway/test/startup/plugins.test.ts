import { assert, describe, it } from "@effect/vitest"
import { Integration, Plugin, SourceType } from "@tocsin/client"
import { builtIn as sources } from "@tocsin/sources"
import { Effect, Schema } from "effect"
import { execFile } from "node:child_process"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as GatewayProcess from "../../demo/gatewayProcess.ts"
import { until } from "../harness/gate.ts"
import { emptyFolder, installed, type Package, pager, pulse, unpack } from "../harness/pluginPackages.ts"
import { make, makeInProcess } from "../harness/gateway.ts"
import { builtIn } from "../../src/startup/Plugins.ts"

/** A module of core that is loaded once more, as when a bundle holds it. */
const copyOfTheContract = new URL("../../../../packages/core/src/ChannelPlugin.ts?copy", import.meta.url).href

const refusal = (settings: { readonly [name: string]: string }) =>
  GatewayProcess.start({
    TOCSIN_DATABASE_URL: `sqlite:${join(emptyFolder(), "a.db")}`,
    ...settings
  }).pipe(
    Effect.flip,
    Effect.map(({ message }) => message)
  )

/** Packages with which a gateway does not start, and what it says of them. */
const faulty: ReadonlyArray<Partial<Package> & { readonly name: string; readonly says: ReadonlyArray<string> }> = [
  {
    name: "throws as it is loaded",
    main: "throw new Error('at once,\\nand more')",
    says: ["it fails as it is loaded: at once,. Install it again"]
  },
  {
    name: "was not built",
    manifest: { exports: "./dist/index.js" },
    says: ["it fails as it is loaded: Cannot find module", "/acme/dist/index.js", "Install it again"]
  },
  {
    name: "exports nothing by its name",
    manifest: { exports: { "./pager": "./index.js" } },
    says: ["/acme/package.json exports nothing that can be imported", `"exports": { ".": "./dist/index.js" }`]
  },
  {
    name: "has a package.json that is none",
    manifest: { peerDependencies: [] },
    says: ["/acme/package.json cannot be read, or is not a package.json. Install the package again"]
  },
  {
    name: "is no plugin",
    main: "export const Slack = class {}",
    says: ["it exports no channel plugin", "no source, that is no object with type, title and decode"]
  },
  {
    name: "has no layer",
    main: pager.replace("static layer", "static implementation"),
    says: ["it exports no channel plugin", "with a static layer"]
  },
  {
    name: "exports a source of an impossible type",
    main: pulse.replace(`type: "pulse"`, `type: "Pulse/1"`),
    says: ["it exports a source whose type is not 1 to 64 lowercase letters, digits and hyphens", "conformance suite"]
  },
  {
    name: "exports a source without a title",
    main: pulse.replace(`title: "Pulse",`, ""),
    says: ["it exports the source pulse without title, or with one that does not fit", "conformance suite"]
  },
  {
    name: "exports a source with settings that are no schema",
    main: pulse.replace(`title: "Pulse",`, `title: "Pulse", settings: { team: "string" }, example: {},`),
    says: ["it exports the source pulse without settings, or with one that does not fit"]
  },
  {
    name: "exports a source without an example of its settings",
    main: pulse.replace(`title: "Pulse",`, `title: "Pulse", settings: Schema.Struct({}),`),
    says: ["it exports the source pulse with settings, but without an example of them"]
  },
  {
    name: "exports a source of a type that is built in",
    main: pulse.replace(`type: "pulse"`, `type: "grafana"`),
    says: ["it reads the source grafana, and so does the gateway itself: leave one of them out"]
  },
  {
    name: "was made for other sources",
    main: pulse,
    manifest: { peerDependencies: { "@tocsin/core": "*", "@tocsin/sources": "^7.0.0", effect: "~4.1.0" } },
    says: ["it was made for @tocsin/sources ^7.0.0, and this gateway has"]
  },
  {
    name: "never comes to its end as it is loaded",
    main: "await new Promise(() => setInterval(() => {}, 1000))",
    says: ["it fails as it is loaded: it is not done after ten seconds. Install it again"]
  },
  {
    name: "leaves out what it must say of itself",
    main: pager.replace(/ +capabilities: .*\n/, ""),
    says: ["its plugin of the type pager declares no capabilities", "conformance kit"]
  },
  {
    name: "serves a type that is taken",
    main: pager.replaceAll("pager", "slack"),
    says: ["it serves the type slack, and so does the gateway itself"]
  },
  {
    name: "was made for another core",
    manifest: { peerDependencies: { "@tocsin/core": "^7.0.0", effect: "~4.1.0" } },
    says: ["it was made for @tocsin/core ^7.0.0, and this gateway has"]
  },
  {
    name: "was made for a later minor of effect",
    manifest: { peerDependencies: { "@tocsin/core": "*", effect: "~4.2.0" } },
    says: ["it was made for effect ~4.2.0, and this gateway has 4.1.", "install a version of it for 4.1."]
  },
  {
    name: "was made for an earlier minor of effect",
    manifest: { peerDependencies: { "@tocsin/core": "*", effect: "~4.0.3" } },
    says: ["it was made for effect ~4.0.3, and this gateway has 4.1."]
  },
  {
    name: "does not say which core it was made for",
    manifest: { peerDependencies: { effect: "~4.1.0" } },
    says: ["it does not say which @tocsin/core it was made for", "must name @tocsin/core in its peerDependencies"]
  },
  {
    name: "does not say which effect it was made for",
    manifest: { peerDependencies: { "@tocsin/core": "*" } },
    says: ["it does not say which effect it was made for"]
  }
]

/** What each of them is refused with: all in one process, which loads packages as a gateway does. */
const refusals = Effect.runSync(
  Effect.cached(
    Effect.suspend(() => {
      const settings = faulty.map(({ main = pager, manifest = {} }) => ({
        TOCSIN_PLUGINS: "acme",
        TOCSIN_PLUGINS_DIR: installed({ acme: { main, manifest } })
      }))
      const cases = settings.map((settings, n) => ({ settings, hangs: faulty[n]?.name.startsWith("never") }))
      return Effect.map(
        Effect.promise(() =>
          promisify(execFile)(process.execPath, ["--conditions=@tocsin/source", loadPlugins, JSON.stringify(cases)])
        ),
        ({ stdout }): ReadonlyArray<string> => JSON.parse(stdout)
      )
    })
  )
)

const loadPlugins = fileURLToPath(new URL("../harness/loadPlugins.ts", import.meta.url))

it("every plugin package of this repository is built in", () => {
  const packages = readdirSync(new URL("../../../../packages", import.meta.url))
  assert.sameMembers(
    packages.flatMap((name) => (name.startsWith("plugin-") ? [name.slice("plugin-".length)] : [])),
    builtIn.map(({ type }) => type)
  )
})

describe("TOCSIN_PLUGINS", () => {
  it.live(
    "loads a package from TOCSIN_PLUGINS_DIR, with the gateway's own core and effect, and delivers through it",
    () =>
      Effect.gen(function* () {
        const dir = installed({ "@acme/tocsin-plugin-pager": { main: pager } })
        const slack = yield* makeInProcess()
        const harness = yield* make({
          TOCSIN_PLUGINS: " @acme/tocsin-plugin-pager",
          TOCSIN_PLUGINS_DIR: dir
        })
        const { items } = (yield* harness.request("GET", "/v1/plugins")).as(
          Schema.Struct({ items: Schema.Array(Plugin) })
        )
        assert.deepStrictEqual(
          items.map(({ type }) => type),
          [...builtIn.map(({ type }) => type), "pager"]
        )
        const settings = { url: slack.slackUrl }
        const made = yield* harness.request("POST", "/v1/integrations", {
          id: "p",
          name: "Pager",
          type: "pager",
          settings
        })
        assert.deepStrictEqual(made.as(Integration).secretsSet, ["/url"])
        const nowhere = { name: "Nowhere", type: "pager", settings: { url: "s3cr3t, no address" } }
        const refused = yield* harness.request("POST", "/v1/integrations", nowhere)
        assert.strictEqual(refused.status, 400, refused.text)
        assert.include(refused.text, "The plugin finds no address of a service in the settings")
        assert.notInclude(refused.text, "s3cr3t")
        yield* harness.request("POST", "/v1/rules", { name: "All", match: {}, integrations: ["p"] })
        const alert = {
          source: "curl",
          id: "a",
          state: "raised",
          startedAt: "2026-01-01T00:00:00Z",
          rule: { name: "Disk full" }
        }
        const posted = yield* harness.request("POST", "/v1/alerts", alert)
        assert.strictEqual(posted.status, 202, posted.text)
        yield* until("the message", () => slack.slack.messages.length === 1)
      })
  )

  it.live("receives alerts of a source from a package, beside its plugin", () =>
    Effect.gen(function* () {
      const both = `${pager}\n${pulse.replace("{ Effect, Schema }", "{ Effect }")}`
      const dir = installed({ "tocsin-plugin-pulse": { main: both } })
      const harness = yield* make({ TOCSIN_PLUGINS: "tocsin-plugin-pulse", TOCSIN_PLUGINS_DIR: dir })
      assert.match(
        harness.gateway().printed(),
        /pager \(tocsin-plugin-pulse 1\.0\.0\) and the sources pulse \(tocsin-plugin-pulse 1\.0\.0\)\. /
      )

      const types = (yield* harness.request("GET", "/v1/source-types")).as(
        Schema.Struct({ items: Schema.Array(SourceType) })
      )
      assert.deepStrictEqual(
        types.items.map(({ type }) => type),
        [...sources.map(({ type }) => type), "pulse"]
      )
      assert.deepStrictEqual(types.items.at(-1), {
        type: "pulse",
        title: "Pulse",
        needsConfiguring: false,
        setup: ["In Pulse, open Settings, Webhooks, and paste the address."]
      })
      assert.deepStrictEqual(
        types.items.flatMap(({ needsConfiguring, type }) => (needsConfiguring ? [type] : [])),
        ["aws-sns", "json"]
      )
      const sns = types.items.find(({ type }) => type === "aws-sns")
      assert.deepInclude(sns?.settings, { type: "object", required: ["topicArns"] })
      assert.deepStrictEqual(sns?.example, { topicArns: ["arn:aws:sns:eu-west-1:123456789012:alarms"] })

      const post = (state: string) => harness.request("POST", "/v1/sources/pulse", { id: "p1", state, check: "Disk" })
      assert.strictEqual((yield* post("down")).text, `{"accepted":1,"unreadable":0}`)
      assert.include((yield* harness.request("GET", "/v1/alerts?source=pulse")).text, `"name":"Disk"`)
      assert.strictEqual((yield* post("up")).status, 200)
      assert.include((yield* harness.request("GET", "/v1/alerts?source=pulse")).text, `"state":"cleared"`)

      for (const [state, why] of [
        ["broken", "fails with TypeError in decode"],
        ["invalid", "makes an event that lacks a field"],
        ["nothing", "returns neither events, a test, nor a reason"]
      ] as const) {
        const answer = yield* post(state)
        assert.strictEqual(answer.status, 200, answer.text)
        assert.include(answer.text, `The decoder of the source pulse ${why}`)
        assert.notInclude(answer.text, "c4n4ry")
      }
      assert.match(harness.gateway().printed(), /ERROR The source pulse failed: TypeError in decode/)
      assert.notInclude(harness.gateway().printed(), "c4n4ry")
      const kept = yield* harness.request("GET", "/v1/sources/unreadable")
      assert.strictEqual(kept.text.match(/"source":"pulse"/g)?.length, 3)
      const listed = yield* harness.request("GET", "/v1/sources")
      assert.include(listed.text, `"name":"pulse","type":"pulse","address":"/v1/sources/pulse"`)
    })
  )

  it.live("shows an integration as broken while its package is missing, and keeps its deliveries pending", () =>
    Effect.gen(function* () {
      const slack = yield* makeInProcess()
      const dir = installed({ pager: { main: pager } })
      const settings = { TOCSIN_PLUGINS: "pager", TOCSIN_PLUGINS_DIR: dir }
      const harness = yield* make(settings)
      const made = { id: "p", name: "Pager", type: "pager", settings: { url: slack.slackUrl } }
      yield* harness.request("POST", "/v1/integrations", made)
      yield* harness.request("POST", "/v1/rules", { id: "all", name: "All", match: {}, integrations: ["p"] })
      yield* harness.gateway().stop("SIGTERM")

      const environment = { TOCSIN_DATABASE_URL: `sqlite:${harness.database}`, TOCSIN_EGRESS_ALLOW: "127.0.0.1" }
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

      yield* harness.start
      yield* until("the message", () => slack.slack.messages.length === 1)
      yield* harness.gateway().stop("SIGTERM")
      const again = yield* GatewayProcess.start(environment)
      const removed = yield* Effect.promise(() =>
        fetch(`${again.url}/v1/integrations/p?force=true`, { method: "DELETE" })
      )
      assert.strictEqual(removed.status, 204)
    })
  )

  it.live("loads a plugin that was tested with two minors of effect, and not the other one that lies beside it", () =>
    Effect.gen(function* () {
      const manifest = { version: "2.1.0", peerDependencies: { "@tocsin/core": "*", effect: "~4.1.0 || ~4.2.0" } }
      const dir = installed({ acme: { main: pager, manifest } })
      const other = { main: `throw new Error("the other effect")`, manifest: { version: "4.2.0" } }
      unpack(join(dir, "node_modules", "acme", "node_modules"), { effect: other, "@tocsin/core": other })
      const harness = yield* make({ TOCSIN_PLUGINS: "acme", TOCSIN_PLUGINS_DIR: dir })
      assert.match(
        harness.gateway().printed(),
        /and the plugins slack \d\S*, hipchat \d\S*, .*pager \(acme 2\.1\.0\)\. Only this/
      )
    })
  )

  it.live.each([
    {
      name: "a folder of unpacked packages",
      dir: () => unpack(emptyFolder(), { "@acme/tocsin-plugin-pager": { main: pager } })
    },
    {
      name: "a package itself",
      dir: () =>
        join(unpack(emptyFolder(), { "@acme/tocsin-plugin-pager": { main: pager } }), "@acme/tocsin-plugin-pager")
    }
  ])("takes $name as TOCSIN_PLUGINS_DIR", ({ dir }) =>
    Effect.gen(function* () {
      const settings = { TOCSIN_PLUGINS: "@acme/tocsin-plugin-pager", TOCSIN_PLUGINS_DIR: dir() }
      const harness = yield* make(settings)
      assert.include((yield* harness.request("GET", "/v1/plugins")).text, `"type":"pager"`)
    })
  )

  it.live.each(faulty.map((row, n) => ({ ...row, n })))("refuses to start with a package that $name", ({ n, says }) =>
    Effect.gen(function* () {
      const said = (yield* refusals)[n] ?? ""
      for (const part of ["TOCSIN_PLUGINS: acme: ", ...says]) assert.include(said, part)
      assert.notMatch(said, /and more|    at /)
    })
  )

  it.live("refuses to start with a package that contains its own copy of core", () =>
    Effect.gen(function* () {
      const main = pager
        .replace("ChannelPlugin, ", "")
        .concat(`\nimport * as ChannelPlugin from "${copyOfTheContract}"`)
      const dir = installed({ acme: { main } })
      const said = yield* refusal({ TOCSIN_PLUGINS: "acme", TOCSIN_PLUGINS_DIR: dir })
      assert.include(said, "TOCSIN_PLUGINS: acme: it was made with a copy of @tocsin/core that it brings along")
      assert.include(said, "leave @tocsin/core and effect out of the bundle")
    })
  )

  it.live("refuses to start without a package in TOCSIN_PLUGINS, and names the searched folders", () =>
    Effect.gen(function* () {
      const dir = installed({})
      const said = yield* refusal({ TOCSIN_PLUGINS: "acme", TOCSIN_PLUGINS_DIR: dir })
      assert.include(said, `TOCSIN_PLUGINS: acme: it is not installed: not in ${dir}, ${join(dir, "acme")}, `)
      assert.include(said, "Install it with npm")
    })
  )

  it.live("refuses an invalid package name", () =>
    Effect.gen(function* () {
      assert.include(yield* refusal({ TOCSIN_PLUGINS: "../evil.js" }), "TOCSIN_PLUGINS: ")
    })
  )
})
