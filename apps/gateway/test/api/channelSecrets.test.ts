/**
 * The secrets of every channel, at services that repeat whatever they receive in all of their answers.
 */
import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin } from "@tocsin/core"
import { FakeServer } from "@tocsin/core/fakes"
import { peer } from "@tocsin/plugin-email/testing"
import { Effect, type Schema } from "effect"
import { readFileSync } from "node:fs"
import { builtIn } from "../../src/startup/Plugins.ts"
import { fast } from "../harness/channels.ts"
import { until } from "../harness/gate.ts"
import { makeInProcess } from "../harness/gateway.ts"

type Settings = { readonly [setting: string]: Schema.Json }

/** A text that occurs nowhere else, of letters and digits, as long as PagerDuty's keys. */
const canary = (name: string): string => `c4n4ry${name}0f4ch4nn3l`.padEnd(32, "x")

const signing = (name: string): string => `whsec_${Buffer.from(canary(name)).toString("base64")}`

/** Settings of each channel and form, with a canary for each secret, by the pointers of the secrets. */
const channels: ReadonlyArray<
  readonly [
    type: string,
    secrets: ReadonlyArray<string>,
    settings: (origin: string) => Settings,
    canaries: ReadonlyArray<string>
  ]
> = [
  ["slack", ["/url"], (at) => ({ url: `${at}/services/T0/B0/${canary("slack")}` }), [canary("slack")]],
  [
    "slack",
    ["/token"],
    (at) => ({ authenticate: "bot", token: canary("bot"), channel: "C1", apiUrl: at }),
    [canary("bot")]
  ],
  [
    "hipchat",
    ["/authToken"],
    (at) => ({ url: `${at}/v2/room/1/notification`, authToken: canary("room") }),
    [canary("room")]
  ],
  [
    "webhook",
    ["/url", "/secret", "/previousSecret", "/headers"],
    (at) => ({
      url: `${at}/${canary("hook")}`,
      secret: signing("secret"),
      previousSecret: signing("before"),
      headers: { authorization: `Bearer ${canary("header")}` }
    }),
    [canary("hook"), signing("secret"), signing("before"), canary("header")]
  ],
  ["pagerduty", ["/routingKey"], (url) => ({ url, routingKey: canary("pager") }), [canary("pager")]],
  ["discord", ["/url"], (at) => ({ url: `${at}/api/webhooks/1/${canary("discord")}` }), [canary("discord")]],
  [
    "telegram",
    ["/token"],
    (apiUrl) => ({ apiUrl, token: `1:${canary("telegram")}`, chatId: "1" }),
    [canary("telegram")]
  ],
  ["mattermost", ["/url"], (at) => ({ url: `${at}/hooks/${canary("matter")}` }), [canary("matter")]],
  ["ntfy", ["/token"], (url) => ({ url, topic: "t", token: canary("ntfy") }), [canary("ntfy")]],
  [
    "teams",
    ["/url"],
    (at) => ({ url: `${at}/workflows/1/triggers/manual/paths/invoke?sig=${canary("teams")}` }),
    [canary("teams")]
  ],
  [
    "google-chat",
    ["/url"],
    (at) => ({ url: `${at}/v1/spaces/A/messages?key=${canary("key")}&token=${canary("google")}` }),
    [canary("key"), canary("google")]
  ],
  ["webex", ["/token"], (apiUrl) => ({ apiUrl, token: canary("webex"), roomId: "r" }), [canary("webex")]],
  ["apprise", ["/key"], (url) => ({ use: "key", url, key: canary("apprise") }), [canary("apprise")]],
  [
    "apprise",
    ["/urls"],
    (url) => ({ use: "urls", url, urls: `slack://${canary("host")}/a, mailto://u:${canary("mail")}@x.example` }),
    [canary("host"), canary("mail")]
  ],
  [
    "email",
    ["/password"],
    (at) => ({
      host: "127.0.0.1",
      port: Number(new URL(at).port),
      security: "none",
      username: "u",
      password: canary("email"),
      from: "a@x.example",
      to: ["b@x.example"]
    }),
    [canary("email")]
  ]
]

/** The ways in which a service may write what it received. */
const spellings = (secret: string): ReadonlyArray<string> => [
  secret,
  Buffer.from(secret).toString("base64url").slice(2, -4),
  Buffer.from(`:${secret}`).toString("base64url").slice(4, -4),
  encodeURIComponent(secret)
]

describe("The secrets of channels", () => {
  it("are all in the table of this test", () => {
    for (const plugin of builtIn) {
      const given = channels.filter(([type]) => type === plugin.type).flatMap(([, secrets]) => secrets)
      assert.deepStrictEqual(given.toSorted(), ChannelPlugin.secretPointers(plugin).toSorted(), plugin.type)
    }
  })

  it.live("are in no answer, output or database, although each service repeats what it receives", () =>
    Effect.gen(function* () {
      let status = 200
      let received = 0
      const at = yield* FakeServer.serve({
        answer: (request) => {
          received++
          return {
            status,
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ error: request, ...request })
          }
        }
      })
      const smtp = yield* FakeServer.serveConnections(() =>
        peer((command, line) => {
          if (command !== "AUTH") return undefined
          received++
          return `${status < 400 ? 235 : 535} 5.7.8 ${line}`
        })
      )
      const harness = yield* makeInProcess()
      const { request } = harness
      const bodies = channels.map(([type, , settings], n) => ({
        id: `c${n}`,
        name: type,
        type,
        limits: fast,
        settings: settings(type === "email" ? smtp : at)
      }))
      for (const body of bodies) {
        const created = yield* request("POST", "/v1/integrations", body)
        assert.strictEqual(created.status, 201, created.text)
        yield* request("POST", "/v1/integrations/preview", body)
      }
      // The path of an alert, whose failures are stored.
      status = 403
      const integrations = channels.map((_, n) => `c${n}`)
      yield* request("POST", "/v1/rules", { name: "All", match: {}, integrations, notifyOnClear: true })
      const before = received
      yield* request("POST", "/v1/alerts", {
        source: "curl",
        id: "1",
        state: "raised",
        severity: "major",
        startedAt: "2026-01-15T02:00:00Z",
        rule: { name: "Disk full" }
      })
      yield* until("an attempt of each", () => received >= before + channels.length)
      for (const { id: _, ...body } of bodies) {
        for (status of [200, 400, 401, 404, 503, 429]) {
          const before = received
          yield* request("POST", "/v1/integrations/test", body)
          assert.isAbove(received, before, `${body.type} sent nothing`)
        }
      }
      for (const path of ["/v1/integrations", "/v1/deliveries?limit=500", "/v1/alerts", "/v1/plugins"]) {
        yield* request("GET", path)
      }
      const places = [
        ...harness.answers,
        harness.gateway().printed(),
        ...["", "-wal"].map((suffix) => readFileSync(`${harness.database}${suffix}`, "latin1"))
      ].join("\n")
      // What is no secret is found.
      assert.include(places, "webex")
      assert.include(places, "redacted")
      for (const [type, , , canaries] of channels) {
        for (const secret of canaries.flatMap(spellings)) {
          assert.isFalse(places.includes(secret), `a secret of ${type}: ${secret}`)
        }
      }
    }).pipe(Effect.scoped)
  )
})
