import { Egress } from "@tocsin/core"
import { assert, describe, it } from "@effect/vitest"
import { type Proxies, wayTo } from "@tocsin/egress"
import { NameServer, Proxy, until } from "@tocsin/test-network"
import { Effect, Fiber, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { failure } from "./harness/attempt.ts"
import { guard } from "./harness/guard.ts"

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

  it("has no effect without a proxy for the scheme; HTTP_PROXY applies to both", () => {
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

/** In the proxy's URL `@` is spelt `%40`. */
const url = ({ port }: { readonly port: number }) =>
  Option.some(Redacted.make(`http://tocsin:p%40ssw0rd-of-the-proxy@127.0.0.1:${port}`))

const through = (proxy: Proxy.Proxy): Proxies => ({ httpProxy: url(proxy), httpsProxy: url(proxy), noProxy: "" })

describe("Egress through a proxy", () => {
  const table: ReadonlyArray<readonly [origin: string, allow: string, verdict: string]> = [
    ["https://hooks.example", "", fine],
    ["https://1.1.1.1", "", fine],
    ["http://hooks.example", "", "https"],
    ["http://hooks.example", "10.0.0.0/8", "https"],
    ["http://hooks.example", "hooks.example", fine],
    ["https://10.0.0.1", "", "not a public one"],
    ["https://[::ffff:10.0.0.1]", "", "not a public one"],
    ["https://10.0.0.1", "10.0.0.0/8", fine],
    ["http://10.0.0.1", "10.0.0.0/8", fine],
    ["https://localhost.", "", "not a public one"],
    ["https://bridge", "", "not a public one"],
    ["https://bridge", "bridge", fine],
    ["https://metadata.google.internal", "", "not a public one"],
    ["https://metadata.goog", "", "not a public one"],
    ["https://db.lan", "", "not a public one"],
    ["https://DB.Lan.", "", "not a public one"],
    ["https://db.lan", "db.lan", fine],
    ["https://kubernetes.default.svc", "", "not a public one"],
    ["https://kubernetes.default.svc.cluster.local", "", "not a public one"],
    ["https://vault.service.consul", "", "not a public one"],
    ["https://127.0.0.1.nip.io", "", "not a public one"],
    ["https://7f000001.sslip.io", "", "not a public one"],
    ["https://plan.example", "", fine],
    ["https://goog.example", "", fine],
    // Names that the gateway's own DNS resolves.
    ["https://private.example", "", "not a public one"],
    ["https://mixed.example", "", "not a public one"],
    ["https://private.example", "10.0.0.0/8", fine],
    ["https://private.example", "private.example", fine],
    ["https://private.example", "127.0.0.1", "not a public one"],
    ["https://public.example", "", fine],
    ["https://failing.example", "", fine]
  ]
  it.live.each(table)("%s, allowed: %s", ([origin, allow, verdict]) =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve({
        "private.example": ["10.1.2.3"],
        "mixed.example": ["1.1.1.1", "::1"],
        "public.example": ["1.1.1.1", "2606:4700:4700::1111"],
        "failing.example": "failure"
      })
      const proxy = yield* Proxy.serve
      proxy.refuses = 502
      yield* Effect.gen(function* () {
        const answer = yield* Egress.use(({ check }) => check(origin)).pipe(
          Effect.match({ onFailure: ({ message }) => message, onSuccess: () => fine })
        )
        assert.include(answer, verdict)
        const reason = yield* failure(origin)
        if (verdict === fine) assert.strictEqual(reason._tag, "Unavailable")
        else assert.deepInclude(reason, { _tag: "Misconfigured", detail: answer })
      }).pipe(Effect.provide(guard(names, { allow, proxies: through(proxy) })))
      assert.lengthOf(proxy.asked, verdict === fine ? 1 : 0)
    })
  )

  it.live("is checked with each request, so that a name that is rebound to a private address is not reached", () =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve({ "hooks.rebound.example": ["1.1.1.1"] })
      const proxy = yield* Proxy.serve
      proxy.refuses = 502
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* failure("https://hooks.rebound.example"))._tag, "Unavailable")
        names.answers.set("hooks.rebound.example", ["169.254.169.254"])
        assert.strictEqual((yield* failure("https://hooks.rebound.example"))._tag, "Misconfigured")
      }).pipe(Effect.provide(guard(names, { proxies: through(proxy) })))
      assert.lengthOf(proxy.asked, 1)
    })
  )

  it.effect("waits three seconds for an unresponsive DNS, once a minute", () =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve({ "hooks.example": "silence" })
      const proxy = yield* Proxy.serve
      proxy.refuses = 502
      yield* Effect.gen(function* () {
        const attempts = yield* Effect.forkChild(
          Effect.all([failure("https://hooks.example"), failure("https://hooks.example")])
        )
        yield* TestClock.withLive(until("the questions", () => names.asked.length === 2))
        yield* TestClock.adjust("3 seconds")
        yield* TestClock.withLive(until("both attempts", () => proxy.asked.length === 2))
        const asked = names.asked.length
        yield* Fiber.join(attempts)
        yield* failure("https://hooks.example")
        assert.strictEqual(names.asked.length, asked)
      }).pipe(Effect.provide(guard(names, { proxies: through(proxy) })))
      assert.lengthOf(proxy.asked, 3)
    })
  )

  it.live("names the proxy's failure, and nothing secret", () =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve()
      const proxy = yield* Proxy.serve
      const closed = yield* Effect.scoped(Proxy.serve)
      const details: Array<string> = []
      const expect = Effect.fnUntraced(function* (proxy: Proxy.Proxy, origin: string, detail: RegExp) {
        const reason = yield* Effect.provide(
          failure(origin),
          guard(names, { allow: "bridge.example", proxies: through(proxy) })
        )
        details.push(JSON.stringify(reason))
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
      assert.notMatch(details.join("\n"), /ssw0rd|somebody/)
    })
  )
})
