import { Egress } from "@tocsin/core"
import { assert, describe, it } from "@effect/vitest"
import { FakeServer } from "@tocsin/core/fakes"
import { FakeSlack, show } from "@tocsin/plugin-slack/testing"
import { Slack } from "@tocsin/plugin-slack"
import { ConfigProvider, Effect, Layer, Option, Redacted } from "effect"
import * as EgressLayer from "../../src/startup/Egress.ts"
import { wayTo } from "@tocsin/egress"
import { Resolver } from "@tocsin/egress"
import { Settings } from "../../src/startup/Settings.ts"
import { Delivery, listOf } from "../harness/answers.ts"
import * as Certificate from "../harness/certificate.ts"
import { failure } from "../harness/failure.ts"
import { eventually, until } from "../harness/gate.ts"
import * as NameServer from "../harness/nameServer.ts"
import * as Proxy from "../harness/proxy.ts"
import * as World from "../harness/world.ts"

/** In the proxy's URL `@` is spelt `%40`. */
const credentials = "tocsin:p@ssw0rd-of-the-proxy"
const url = ({ port }: { readonly port: number }) => `http://tocsin:p%40ssw0rd-of-the-proxy@127.0.0.1:${port}`

/** An integration at Slack's stand-in, and a rule that leads there. */
const integration = Effect.fnUntraced(function* (world: World.World, id: string, origin: string) {
  const { status, text } = yield* world.request("POST", "/v1/integrations", {
    id,
    name: id,
    type: "slack",
    settings: { url: `${origin}/services/T0/B0/${id}` }
  })
  assert.strictEqual(status, 201, text)
  const rule = { name: id, match: { source: id }, integrations: [id] }
  assert.strictEqual((yield* world.request("POST", "/v1/rules", rule)).status, 201)
  yield* world.request("POST", "/v1/alerts", {
    source: id,
    id: "one",
    state: "raised",
    startedAt: "2026-01-01T00:00:00Z",
    rule: { name: `Alert for ${id}` }
  })
})

/** What history says of the integration's only delivery. */
const causes = (world: World.World, id: string) =>
  Effect.map(world.request("GET", `/v1/deliveries?integration=${id}`), ({ as }) =>
    as(listOf(Delivery)).items.flatMap(({ transitions }) => transitions.map(({ cause }) => cause ?? ""))
  )

describe("A gateway behind a proxy", () => {
  it.live("delivers through it, and past it where NO_PROXY says so", () =>
    Effect.gen(function* () {
      const proxy = yield* Proxy.serve
      proxy.credentials = credentials
      const certificate = yield* Certificate.make(["hooks.example"])
      const secure = new FakeSlack()
      const securePort = new URL(yield* FakeServer.serve(secure, { certificate })).port
      const world = yield* World.make({
        HTTPS_PROXY: url(proxy),
        http_proxy: url(proxy),
        NO_PROXY: ".elsewhere.example,127.0.0.0/8",
        NODE_EXTRA_CA_CERTS: certificate.file,
        TOCSIN_EGRESS_ALLOW: "127.0.0.1, bridge.example"
      })
      const { port } = new URL(world.slackUrl)
      yield* integration(world, "tunnelled", `https://hooks.example:${securePort}`)
      yield* integration(world, "forwarded", `http://bridge.example:${port}`)
      yield* integration(world, "direct", world.slackUrl)
      yield* until("all messages", () => secure.messages.length === 1 && world.slack.messages.length === 2)
      assert.include(show(secure.messages[0]?.payload), "Alert for tunnelled")
      assert.deepStrictEqual(proxy.asked.toSorted(), [
        `CONNECT hooks.example:${securePort}`,
        `POST http://bridge.example:${port}/services/T0/B0/forwarded`
      ])

      proxy.refuses = 502
      yield* integration(world, "refused", "https://hooks.example:1")
      yield* eventually("the failure", causes(world, "refused"), (causes) => causes.some((cause) => /502/.test(cause)))
      const shown = [...world.answers, world.gateway().printed()].join("\n")
      assert.include(shown, "Unavailable: Through the proxy")
      assert.notMatch(shown, /p(@|%40)ssw0rd/)
      assert.notInclude(shown, Buffer.from(credentials).toString("base64"))
    })
  )

  it.live("does not start with a proxy that is none, and does not print it", () =>
    Effect.gen(function* () {
      for (const name of ["HTTPS_PROXY", "https_proxy"]) {
        const ended = yield* Effect.flip(World.make({ [name]: credentials }))
        assert.include(String(ended), `${name}: Expected the proxy's URL`)
        assert.notInclude(String(ended), "ssw0rd")
      }
    })
  )
})

describe("NO_PROXY", () => {
  const table: ReadonlyArray<readonly [noProxy: string, origin: string, way: "proxy" | "direct"]> = [
    ["", "https://hooks.example", "proxy"],
    ["*", "https://hooks.example", "direct"],
    ["hooks.example", "https://hooks.example", "direct"],
    ["Hooks.Example.", "https://hooks.example", "direct"],
    ["hooks.example", "https://HOOKS.example.", "direct"],
    ["b\u00fccher.example", "https://xn--bcher-kva.example", "direct"],
    ["example", "https://hooks.example", "direct"],
    [".example", "https://hooks.example", "direct"],
    ["other.example *.hooks.example", "https://a.hooks.example", "direct"],
    ["ooks.example", "https://hooks.example", "proxy"],
    ["hooks.example:443", "https://hooks.example", "direct"],
    ["hooks.example:80", "https://hooks.example", "proxy"],
    ["10.0.0.0/8", "https://10.1.2.3", "direct"],
    ["10.0.0.0/8", "https://[::ffff:10.1.2.3]", "direct"],
    ["10.0.0.0/8", "https://11.1.2.3", "proxy"],
    ["10.0.0.0/8", "https://10.example", "proxy"],
    ["10.1.2.3:8443", "https://10.1.2.3:8443", "direct"],
    ["::1", "https://[::1]", "direct"],
    ["[::1]:443", "https://[::1]", "direct"],
    ["[::1]:444", "https://[::1]", "proxy"]
  ]
  it.each(table)("%s: the way to %s is %s", (noProxy, origin, way) => {
    const httpsProxy = Option.some(Redacted.make("http://proxy.example:3128"))
    assert.strictEqual(wayTo({ httpProxy: Option.none(), httpsProxy, noProxy })(new URL(origin)), way)
  })

  it("is not needed where no proxy is for the scheme; HTTP_PROXY is for both", () => {
    const some = Option.some(Redacted.make("http://proxy.example:3128"))
    const ways = [
      { httpProxy: some, httpsProxy: Option.none(), noProxy: "" },
      { httpProxy: Option.none(), httpsProxy: some, noProxy: "" },
      { httpProxy: Option.none(), httpsProxy: Option.none(), noProxy: "" }
    ].map((proxies) => ["http://a.example", "https://a.example"].map((origin) => wayTo(proxies)(new URL(origin))))
    assert.deepStrictEqual(ways, [
      ["proxy", "proxy"],
      ["direct", "proxy"],
      ["direct", "direct"]
    ])
  })
})

const fine = "may be called"

describe("Egress through a proxy", () => {
  /** An egress of this process; its name server answers that nothing exists, and says what it was asked. */
  const world = (settings: { readonly [name: string]: string }, { address }: NameServer.NameServer) =>
    Layer.provideMerge(Slack.layer, EgressLayer.layerNoDeps).pipe(
      Layer.provide(Resolver.layerOptions({ nameServers: [address] })),
      Layer.provide(Settings.layer),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(settings))),
      Layer.orDie
    )

  const table: ReadonlyArray<
    readonly [origin: string, settings: { readonly [name: string]: string }, verdict: string]
  > = [
    ["https://hooks.example", {}, fine],
    ["https://1.1.1.1", {}, fine],
    ["http://hooks.example", {}, "https"],
    ["http://hooks.example", { TOCSIN_EGRESS_ALLOW: "10.0.0.0/8" }, "https"],
    ["http://hooks.example", { TOCSIN_EGRESS_ALLOW: "hooks.example" }, fine],
    ["https://10.0.0.1", {}, "not a public one"],
    ["https://[::ffff:10.0.0.1]", {}, "not a public one"],
    ["https://10.0.0.1", { TOCSIN_EGRESS_ALLOW: "10.0.0.0/8" }, fine],
    ["http://10.0.0.1", { TOCSIN_EGRESS_ALLOW: "10.0.0.0/8" }, fine],
    ["https://localhost.", {}, "not a public one"],
    ["https://bridge", {}, "not a public one"],
    ["https://bridge", { TOCSIN_EGRESS_ALLOW: "bridge" }, fine],
    ["https://metadata.google.internal", {}, "not a public one"]
  ]
  it.live.each(table)("%s, with %j", ([origin, settings, verdict]) =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve()
      const proxy = yield* Proxy.serve
      proxy.refuses = 502
      const proxies = { HTTP_PROXY: url(proxy), HTTPS_PROXY: url(proxy) }
      yield* Effect.gen(function* () {
        const said = yield* Egress.use(({ check }) => check(origin)).pipe(
          Effect.match({ onFailure: ({ message }) => message, onSuccess: () => fine })
        )
        assert.include(said, verdict)
        const reason = yield* failure(origin)
        if (verdict === fine) assert.strictEqual(reason._tag, "Unavailable")
        else assert.deepInclude(reason, { _tag: "Misconfigured", detail: said })
      }).pipe(Effect.provide(world({ ...settings, ...proxies }, names)))
      assert.lengthOf(proxy.asked, verdict === fine ? 1 : 0)
      assert.lengthOf(names.asked, 0)
    })
  )

  it.live("says that it was the proxy that failed, by what, and nothing secret", () =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve()
      const proxy = yield* Proxy.serve
      const closed = yield* Effect.scoped(Proxy.serve)
      const by = (proxy: Proxy.Proxy, origin: string) =>
        Effect.provide(
          failure(origin),
          world({ HTTP_PROXY: url(proxy), HTTPS_PROXY: url(proxy), TOCSIN_EGRESS_ALLOW: "bridge.example" }, names)
        )
      const said: Array<string> = []
      const expect = Effect.fnUntraced(function* (proxy: Proxy.Proxy, origin: string, detail: RegExp) {
        const reason = yield* by(proxy, origin)
        said.push(JSON.stringify(reason))
        assert.strictEqual(reason._tag, "Unavailable", reason.detail)
        assert.match(reason.detail, detail)
        assert.notProperty(reason, "unanswered")
      })
      for (const origin of ["https://hooks.example", "http://bridge.example"]) {
        yield* expect(closed, origin, /^Through the proxy: ECONNREFUSED$/)
        proxy.credentials = "somebody:else"
        yield* expect(proxy, origin, /^Through the proxy: .*407/)
        proxy.credentials = undefined
        proxy.refuses = 502
        yield* expect(proxy, origin, /502/)
      }
      proxy.refuses = 403
      yield* expect(proxy, "https://hooks.example", /^Through the proxy: .*403/)
      assert.notMatch(said.join("\n"), /ssw0rd|somebody/)
    })
  )
})

describe("A certificate that no public authority has signed", () => {
  it.live("is taken with NODE_EXTRA_CA_CERTS; without it nothing is sent", () =>
    Effect.gen(function* () {
      const certificate = yield* Certificate.make(["localhost"])
      const slack = new FakeSlack()
      const origin = (yield* FakeServer.serve(slack, { certificate })).replace("127.0.0.1", "localhost")
      const allow = { TOCSIN_EGRESS_ALLOW: "localhost" }
      const without = yield* World.make({ ...allow, NODE_EXTRA_CA_CERTS: "" })
      yield* integration(without, "own", origin)
      const failed = yield* eventually("the failure", causes(without, "own"), (causes) =>
        causes.some((cause) => cause.startsWith("Unavailable"))
      )
      assert.include(failed, "Unavailable: DEPTH_ZERO_SELF_SIGNED_CERT")
      assert.lengthOf(slack.messages, 0)
      const withIt = yield* World.make({ ...allow, NODE_EXTRA_CA_CERTS: certificate.file })
      yield* integration(withIt, "own", origin)
      yield* until("the message", () => slack.messages.length === 1)
    })
  )
})
