import { assert, describe, layer } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { hostname } from "node:os"
import manifest from "../../../package.json" with { type: "json" }
import { Problem } from "../../harness/answers.ts"
import { eventually } from "../../harness/gate.ts"
import { send } from "../../harness/raw.ts"
import * as RawSocket from "../../harness/rawSocket.ts"
import { fixture, SharedHarness } from "../../harness/gateway.ts"

const token = "the-operators-t0ken"

describe("With a token", () => {
  layer(SharedHarness.layer({ TOCSIN_TOKEN: token, TOCSIN_HOST: "0.0.0.0", TOCSIN_TRUSTED_PROXIES: "127.0.0.0/8" }), {
    excludeTestServices: true
  })((it) => {
    it.effect.each([
      ["GET", "/v1/alerts"],
      ["POST", "/v1/alerts"],
      ["GET", "/v1/integrations"],
      ["POST", "/v1/rules"],
      ["GET", "/v1/deliveries"],
      ["GET", "/v1/plugins"],
      ["GET", "/v1/sources/unreadable"],
      ["POST", "/v1/sources/thousandeyes"]
    ] as const)("%s %s is refused without it or with another", ([method, path]) =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const body = method === "POST" ? {} : undefined
        for (const authorization of [
          undefined,
          "",
          "Bearer ",
          "Bearer another",
          `Bearer ${token}x`,
          `bearer${token}`,
          token,
          basic("thousandeyes", "another"),
          basic(token, ""),
          "Basic ???"
        ]) {
          // Each from an address of its own, because an address that is wrong repeatedly is slowed down.
          const headers = { "x-forwarded-for": nextAddress(), ...(authorization !== undefined && { authorization }) }
          const { as, headers: answered, status } = yield* harness.request(method, path, body, headers)
          assert.strictEqual(status, 401, authorization)
          assert.include(answered["content-type"], "application/problem+json")
          assert.strictEqual(
            answered["www-authenticate"],
            'Bearer realm="tocsin", Basic realm="tocsin", charset="UTF-8"'
          )
          assert.strictEqual(as(Problem).status, 401)
        }
      })
    )

    it.effect("accepts the token as Bearer, and as the password of Basic with any user", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        for (const authorization of [`Bearer ${token}`, basic("thousandeyes", token), basic("", token)]) {
          assert.strictEqual((yield* harness.request("GET", "/v1/alerts", undefined, { authorization })).status, 200)
          const posted = yield* harness.request("POST", "/v1/sources/thousandeyes", yield* fixture("test"), {
            authorization
          })
          assert.strictEqual(posted.status, 200)
        }
        assert.notInclude(harness.answers.join("\n"), token)
        assert.notInclude(harness.gateway().printed(), token)
      })
    )

    it.effect("accepts the token at once amid a flood of wrong ones from the same address", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const address = nextAddress()
        const show = (shown: string, from: string) =>
          harness.request("GET", "/v1/alerts", undefined, { authorization: `Bearer ${shown}`, "x-forwarded-for": from })
        // Four of them wait, the others are refused and try on.
        const flood = yield* Effect.forkChild(
          Effect.all(
            Array.from({ length: 8 }, () => Effect.repeat(show("another", address), Schedule.spaced("20 millis"))),
            { concurrency: "unbounded" }
          )
        )
        const refusal = (from: string) => eventually("a refusal", show("another", from), ({ status }) => status === 429)
        const refused = yield* refusal(address)
        assert.strictEqual(refused.as(Problem).status, 429)
        assert.isAtLeast(Number(refused.headers["retry-after"]), 1)
        assert.strictEqual((yield* show(token, address)).status, 200)
        // What is left of the proxy's own word is the caller's invention.
        yield* refusal(`${nextAddress()}, ${address}`)
        assert.strictEqual((yield* show("another", nextAddress())).status, 401)
        yield* Fiber.interrupt(flood)
      })
    )

    it.effect("logs its address at the start, and a URL that works", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const { port } = new URL(harness.gateway().url)
        assert.include(
          harness.gateway().printed(),
          `Tocsin ${manifest.version} listens on http://0.0.0.0:${port}, with`
        )
        assert.include(harness.gateway().printed(), `POST http://localhost:${port}/v1/integrations`)
        assert.include(harness.gateway().printed(), `at http://${hostname()}:${port}/v1/sources/thousandeyes`)
      })
    )

    it.effect("keeps a connection open for longer than a proxy does", () =>
      Effect.gen(function* () {
        const { headers } = yield* (yield* SharedHarness).request("GET", "/healthz")
        assert.strictEqual(headers["keep-alive"], "timeout=620")
      })
    )

    it.effect("serves /healthz without a token", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const { status, text } = yield* harness.request("GET", "/healthz")
        assert.strictEqual(status, 200)
        assert.deepStrictEqual(JSON.parse(text), { status: "ok", version: manifest.version })
      })
    )
  })
})

describe("Without a token", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect("serves requests to names of this machine, from its own pages only", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const status = (headers: { readonly [name: string]: string }) =>
          Effect.map(harness.request("GET", "/v1/alerts", undefined, headers), ({ status }) => status)
        const { port } = new URL(harness.gateway().url)
        for (const host of ["localhost", `localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, "127.1.2.3"]) {
          assert.strictEqual(yield* status({ host }), 200, host)
        }
        for (const host of [
          "evil.example",
          "localhost.evil.example",
          "127.0.0.1.evil.example:80",
          "10.0.0.1",
          "0.0.0.0",
          "x@localhost",
          "localhost/evil.com",
          "localhost?evil.com",
          "localhost#evil.com"
        ]) {
          assert.strictEqual(yield* status({ host }), 401, host)
        }
        const absolute = (path: string, host: string) =>
          Effect.map(send(harness.gateway().url, { method: "GET", path, headers: { host } }), ({ status }) => status)
        assert.strictEqual(yield* absolute(`http://localhost:${port}/v1/alerts`, "localhost"), 200)
        assert.strictEqual(yield* absolute("http://evil.example/v1/alerts", "localhost"), 401)
        assert.strictEqual(yield* absolute("http://localhost/v1/alerts", "evil.example"), 401)
        assert.strictEqual(yield* absolute("http://x@localhost/v1/alerts", "localhost"), 401)
      })
    )

    it.effect("serves a page of its own origin, and refuses other origins", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const status = (headers: { readonly [name: string]: string }) =>
          Effect.map(harness.request("GET", "/v1/alerts", undefined, headers), ({ status }) => status)
        const { port } = new URL(harness.gateway().url)
        for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, "localhost"]) {
          assert.strictEqual(yield* status({ host, origin: `http://${host}` }), 200, host)
        }
        for (const origin of [
          "https://evil.example",
          "null",
          "file://",
          "http://localhost.evil.example",
          // Others on this machine.
          "http://localhost",
          "http://localhost:3000",
          `https://localhost:${port}`,
          `http://127.0.0.1:${port}`,
          `http://sub.localhost:${port}`
        ]) {
          assert.strictEqual(yield* status({ host: `localhost:${port}`, origin }), 401, origin)
        }
      })
    )

    it.effect("refuses changes from a page of another site or port, even without an Origin header", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const body = { id: "from-a-page", name: "From a page", match: {}, integrations: [] }
        const made = (headers: { readonly [name: string]: string }) =>
          Effect.map(harness.request("PUT", "/v1/rules/from-a-page", body, headers), ({ status }) => status)
        for (const site of ["cross-site", "same-site"]) {
          for (const [method, path] of [
            ["POST", "/v1/rules"],
            ["POST", "/v1/alerts"],
            ["POST", "/v1/sources/thousandeyes"],
            ["PUT", "/v1/rules/from-a-page"],
            ["DELETE", "/v1/rules/from-a-page"]
          ] as const) {
            const { as, status } = yield* harness.request(method, path, method === "DELETE" ? undefined : body, {
              "sec-fetch-site": site
            })
            assert.strictEqual(status, 401, `${method} ${path} ${site}`)
            assert.include(as(Problem).detail, "Without TOCSIN_TOKEN")
          }
          // A link from a chat may be followed.
          const read = yield* harness.request("GET", "/v1/rules", undefined, { "sec-fetch-site": site })
          assert.strictEqual(read.status, 200)
          assert.notInclude(read.text, "from-a-page")
        }
        // 404 is the handler's own answer.
        for (const site of ["same-origin", "none"]) assert.notStrictEqual(yield* made({ "sec-fetch-site": site }), 401)
      })
    )

    it.effect("refuses HTTP/1.0, which nginx' plain proxy_pass uses", () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { url } = (yield* SharedHarness).gateway()
          const socket = yield* RawSocket.open(url)
          socket.say(`GET /v1/alerts HTTP/1.0\r\nHost: ${new URL(url).host}\r\nConnection: close\r\n\r\n`)
          const heard = yield* socket.closed
          assert.deepStrictEqual(RawSocket.statuses(heard), [401])
          assert.include(heard, "set TOCSIN_TOKEN")
        })
      )
    )

    it.effect.each([
      "cdn-loop",
      "cf-connecting-ip",
      "cf-ray",
      "cloudfront-viewer-address",
      "fastly-client-ip",
      "fly-client-ip",
      "forwarded",
      "forwarded-for",
      "incap-client-ip",
      "proxy-client-ip",
      "proxy-connection",
      "tailscale-user-login",
      "true-client-ip",
      "via",
      "wl-proxy-client-ip",
      "x-akamai-edgescape",
      "x-amz-cf-id",
      "x-amzn-trace-id",
      "x-appengine-user-ip",
      "x-arr-log-id",
      "x-azure-clientip",
      "x-client-ip",
      "x-cloud-trace-context",
      "x-cluster-client-ip",
      "x-envoy-external-address",
      "x-forwarded",
      "x-forwarded-for",
      "x-forwarded-proto",
      "x-nf-client-connection-ip",
      "x-original-forwarded-for",
      "x-original-host",
      "x-original-url",
      "x-proxyuser-ip",
      "x-real-ip",
      "x-remote-addr",
      "x-scheme",
      "x-sucuri-clientip",
      "x-varnish",
      "x-vercel-forwarded-for"
    ])("what a proxy passes on is refused: %s", (header) =>
      Effect.gen(function* () {
        const { as, status } = yield* (yield* SharedHarness).request("GET", "/v1/alerts", undefined, {
          host: "localhost",
          [header]: "127.0.0.1"
        })
        assert.strictEqual(status, 401)
        assert.include(as(Problem).detail, "set TOCSIN_TOKEN")
      })
    )

    it.effect("does not mistake ordinary headers for those of a proxy", () =>
      Effect.gen(function* () {
        const { status } = yield* (yield* SharedHarness).request("GET", "/v1/alerts", undefined, {
          "x-request-id": "1",
          "x-requested-with": "XMLHttpRequest",
          traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        })
        assert.strictEqual(status, 200)
      })
    )
  })
})

let addresses = 0
const nextAddress = () => `198.51.100.${++addresses}`

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`
