import { assert, describe, it } from "@effect/vitest"
import { FakeServer } from "@tocsin/core/fakes"
import { FakeSlack, show } from "@tocsin/plugin-slack/testing"
import { Certificate, Proxy, TcpServer, until } from "@tocsin/test-network"
import { Effect } from "effect"
import { createServer } from "node:tls"
import manifest from "../../package.json" with { type: "json" }
import { Delivery, listOf } from "../harness/answers.ts"
import { eventually } from "../harness/gate.ts"
import * as Harness from "../harness/gateway.ts"

/** In the proxy's URL `@` is spelt `%40`. */
const credentials = "tocsin:p@ssw0rd-of-the-proxy"
const url = ({ port }: { readonly port: number }) => `http://tocsin:p%40ssw0rd-of-the-proxy@127.0.0.1:${port}`

/** An integration at Slack's stand-in, and a rule that leads there. */
const integration = Effect.fnUntraced(function* (harness: Harness.Harness, id: string, origin: string) {
  const { status, text } = yield* harness.request("POST", "/v1/integrations", {
    id,
    name: id,
    type: "slack",
    settings: { url: `${origin}/services/T0/B0/${id}` }
  })
  assert.strictEqual(status, 201, text)
  const rule = { name: id, match: { source: id }, integrations: [id] }
  assert.strictEqual((yield* harness.request("POST", "/v1/rules", rule)).status, 201)
  yield* harness.request("POST", "/v1/alerts", {
    source: id,
    id: "one",
    state: "raised",
    startedAt: "2026-01-01T00:00:00Z",
    rule: { name: `Alert for ${id}` }
  })
})

/** The history of the integration's only delivery. */
const history = (harness: Harness.Harness, id: string) =>
  Effect.map(harness.request("GET", `/v1/deliveries?integration=${id}`), ({ as }) =>
    as(listOf(Delivery)).items.flatMap(({ transitions }) => transitions)
  )

const causes = (harness: Harness.Harness, id: string) =>
  Effect.map(history(harness, id), (steps) => steps.map(({ cause }) => cause ?? ""))

describe("A gateway behind a proxy", () => {
  it.live("delivers through the proxy, and directly to hosts in NO_PROXY", () =>
    Effect.gen(function* () {
      const proxy = yield* Proxy.serve
      proxy.credentials = credentials
      const certificate = yield* Certificate.make(["hooks.example"])
      const secure = new FakeSlack()
      const securePort = new URL(yield* FakeServer.serve(secure, { certificate })).port
      const harness = yield* Harness.make({
        HTTPS_PROXY: url(proxy),
        http_proxy: url(proxy),
        NO_PROXY: ".elsewhere.example,127.0.0.0/8",
        NODE_EXTRA_CA_CERTS: certificate.file,
        TOCSIN_EGRESS_ALLOW: "127.0.0.1, bridge.example"
      })
      const { port } = new URL(harness.slackUrl)
      yield* integration(harness, "tunnelled", `https://hooks.example:${securePort}`)
      yield* integration(harness, "forwarded", `http://bridge.example:${port}`)
      yield* integration(harness, "direct", harness.slackUrl)
      yield* until("all messages", () => secure.messages.length === 1 && harness.slack.messages.length === 2)
      assert.include(show(secure.messages[0]?.payload), "Alert for tunnelled")
      assert.deepStrictEqual(proxy.asked.toSorted(), [
        `CONNECT hooks.example:${securePort}`,
        `POST http://bridge.example:${port}/services/T0/B0/forwarded`
      ])

      proxy.refuses = 502
      yield* integration(harness, "refused", "https://hooks.example:1")
      yield* eventually("the failure", causes(harness, "refused"), (causes) =>
        causes.some((cause) => /502/.test(cause))
      )
      const shown = [...harness.answers, harness.gateway().printed()].join("\n")
      assert.include(shown, "Unavailable: Through the proxy")
      assert.notMatch(shown, /p(@|%40)ssw0rd/)
      assert.notInclude(shown, Buffer.from(credentials).toString("base64"))
    })
  )

  it.live("reads unusual answers through the proxy, and does not repeat a post whose answer it cannot read", () =>
    Effect.gen(function* () {
      const proxy = yield* Proxy.serve
      const certificate = yield* Certificate.make(["hooks.example"])
      const answers = new Map([
        ["continued", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"],
        ["garbled", "HTTP/1.1 200 OK\r\nno header\r\n\r\nok"]
      ])
      const posts: Array<string> = []
      const { port } = yield* TcpServer.serve(
        createServer(certificate, (socket) =>
          socket.on("data", (data) => {
            const [, id = "", agent] = /^POST \S*\/(\w+) [^]*\r\nuser-agent: (\S+)/.exec(String(data)) ?? []
            if (agent === undefined) return
            posts.push(`${id} by ${agent}`)
            socket.write(answers.get(id) ?? "")
          })
        )
      )
      const harness = yield* Harness.make({ HTTPS_PROXY: url(proxy), NODE_EXTRA_CA_CERTS: certificate.file })
      for (const id of answers.keys()) {
        yield* integration(harness, id, `https://hooks.example:${port}`)
        yield* eventually("the delivery", history(harness, id), (steps) =>
          steps.some(({ status }) => status === "delivered")
        )
      }
      assert.deepStrictEqual(
        posts,
        [...answers.keys()].map((id) => `${id} by Tocsin/${manifest.version}`)
      )
      assert.strictEqual(
        (yield* causes(harness, "garbled")).at(-1),
        "answer unreadable: Response does not match the HTTP/1.1 protocol (Invalid header token)"
      )
    })
  )

  it.live("refuses an invalid proxy URL, and does not print it", () =>
    Effect.gen(function* () {
      for (const name of ["HTTPS_PROXY", "https_proxy"]) {
        const ended = yield* Effect.flip(Harness.make({ [name]: credentials }))
        assert.include(String(ended), `${name}: Expected the proxy's URL`)
        assert.notInclude(String(ended), "ssw0rd")
      }
    })
  )
})

describe("A certificate that no public authority has signed", () => {
  it.live("is accepted with NODE_EXTRA_CA_CERTS; without it nothing is sent", () =>
    Effect.gen(function* () {
      const certificate = yield* Certificate.make(["localhost"])
      const slack = new FakeSlack()
      const origin = (yield* FakeServer.serve(slack, { certificate })).replace("127.0.0.1", "localhost")
      const allow = { TOCSIN_EGRESS_ALLOW: "localhost" }
      const without = yield* Harness.make({ ...allow, NODE_EXTRA_CA_CERTS: "" })
      yield* integration(without, "own", origin)
      const failed = yield* eventually("the failure", causes(without, "own"), (causes) =>
        causes.some((cause) => cause.startsWith("Unavailable"))
      )
      assert.include(failed, "Unavailable: DEPTH_ZERO_SELF_SIGNED_CERT")
      assert.lengthOf(slack.messages, 0)
      const withIt = yield* Harness.make({ ...allow, NODE_EXTRA_CA_CERTS: certificate.file })
      yield* integration(withIt, "own", origin)
      yield* until("the message", () => slack.messages.length === 1)
    })
  )
})
