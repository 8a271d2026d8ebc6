/**
 * Several real gateways on one real PostgreSQL, a stand-in for Slack, and senders that do as senders should.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert } from "@effect/vitest"
import { Delivery } from "@tocsin/client"
import { FakeServer } from "@tocsin/core/fakes"
import { FakeSlack, show } from "@tocsin/plugin-slack/testing"
import { Context, Effect, Layer, Schedule, Schema, Scope } from "effect"
import { HttpClient, type HttpClientError, HttpClientRequest, type HttpMethod } from "effect/http"
import * as GatewayProcess from "../../demo/gatewayProcess.ts"
import { listOf } from "./answers.ts"
import * as Gate from "./gate.ts"
import * as InProcess from "./inProcess.ts"
import { postgres as running } from "./postgres.ts"
import { fast } from "./room.ts"

/** What a gateway answered. */
interface Answer {
  readonly status: number
  readonly text: string
}

/** The gateways and their world. */
export interface Cluster {
  readonly slack: FakeSlack
  readonly slackUrl: string
  readonly slackGate: Gate.Gate
  readonly postgres: Effect.Success<typeof running>
  readonly gateways: Array<GatewayProcess.GatewayProcess>
  /** Starts one more. */
  readonly join: (
    options?: GatewayProcess.Options
  ) => Effect.Effect<GatewayProcess.GatewayProcess, GatewayProcess.GatewayEnded>
  /** Asks one of them. */
  readonly request: (
    gateway: number,
    method: HttpMethod.HttpMethod,
    path: string,
    body?: unknown
  ) => Effect.Effect<Answer, HttpClientError.HttpClientError>
  /** Makes an integration with a hook of this name, and a rule of the same id that leads alerts with this label to it. */
  readonly room: (
    name: string,
    options?: { readonly hook?: string; readonly limits?: typeof fast }
  ) => Effect.Effect<void>
  /** Sends an event to the gateways in turn, again and again until one takes it. */
  readonly send: (alert: string, room: string, state?: "raised" | "cleared") => Effect.Effect<void>
  /** What a room's hook was sent. */
  readonly messages: (room: string) => FakeSlack["messages"]
  /** That a hook was never sent more than a rate limit allows, counting by when it arrived. */
  readonly keepsTo: (rateLimit: typeof fast, hook: string) => void
  /** What the rooms were told of an alert, in order, by the words with which the messages begin. */
  readonly told: () => ReadonlyMap<string, ReadonlyArray<string>>
  /** Waits until no delivery is open; gives all deliveries, as a gateway lists them. */
  readonly settled: (gateway: number) => Effect.Effect<ReadonlyArray<typeof Delivery.Type>>
}

/** Starts so many gateways on a database of their own, in this process. */
export const makeInProcess = (count: number) => make(count, InProcess.start)

/** Starts so many gateways on a database of their own, each a process. */
export const make = Effect.fnUntraced(function* (
  count: number,
  start: typeof GatewayProcess.start = GatewayProcess.start
): Effect.fn.Return<Cluster, GatewayProcess.GatewayEnded, Scope.Scope> {
  const client = Context.get(yield* Layer.build(NodeHttpClient.layerUndici), HttpClient.HttpClient)
  const scope = yield* Effect.scope
  const postgres = yield* running
  const slack = new FakeSlack()
  const slackGate = Gate.make()
  const slackUrl = yield* FakeServer.serve(slack, { before: slackGate.pass })
  const gateways: Array<GatewayProcess.GatewayProcess> = []
  const environment = {
    TOCSIN_DATABASE_URL: postgres.url("postgres"),
    TOCSIN_KEY: Buffer.alloc(32, 1).toString("base64"),
    TOCSIN_EGRESS_ALLOW: "127.0.0.1"
  }
  const join: Cluster["join"] = (options) =>
    start(environment, options).pipe(
      Effect.tap((gateway) => Effect.sync(() => gateways.push(gateway))),
      Effect.provideService(Scope.Scope, scope)
    )
  // Together, as an orchestrator does.
  yield* Effect.all(
    Array.from({ length: count }, () => join()),
    { concurrency: "unbounded" }
  )

  const request: Cluster["request"] = Effect.fnUntraced(function* (gateway, method, path, body) {
    const bare = HttpClientRequest.make(method)(`${gateways[gateway]?.url}${path}`)
    const response = yield* client.execute(
      body === undefined ? bare : HttpClientRequest.bodyText(bare, JSON.stringify(body), "application/json")
    )
    return { status: response.status, text: yield* response.text }
  })

  const made = Effect.fnUntraced(function* (path: string, body: unknown) {
    const { status, text } = yield* Effect.orDie(request(0, "POST", path, body))
    assert.strictEqual(status, 201, text)
  })

  let turn = 0
  const send: Cluster["send"] = (alert, room, state = "raised") =>
    Effect.suspend(() =>
      request(turn++ % gateways.length, "POST", "/v1/alerts", {
        source: "flood",
        id: `${alert}.`,
        eventId: `${alert} ${state}`,
        state,
        startedAt: "2026-01-01T00:00:00Z",
        rule: { name: "Flood" },
        labels: { room }
      })
    ).pipe(
      // One that is stopped answers nobody.
      Effect.timeout("2 seconds"),
      Effect.filterOrFail(({ status }) => status === 202),
      Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 15_000 }),
      Effect.orDie,
      Effect.asVoid
    )

  return {
    slack,
    slackUrl,
    slackGate,
    postgres,
    gateways,
    join,
    request,
    send,
    room: Effect.fnUntraced(function* (name, { hook = name, limits = fast } = {}) {
      const settings = { url: `${slackUrl}/services/T0/B0/${hook}` }
      yield* made("/v1/integrations", { id: name, name, type: "slack", limits, settings })
      yield* made("/v1/rules", {
        id: name,
        name,
        match: { labels: { room: name } },
        integrations: [name],
        notifyOnClear: true
      })
    }),
    keepsTo: ({ burst, messages, perSeconds }, hook) => {
      const times = slack.messages.filter(({ url }) => url === `/services/T0/B0/${hook}`).map(({ at }) => at)
      for (const [n, from] of times.entries()) {
        for (const [more, to] of times.slice(n).entries()) {
          // One more than the rate limit holds: what was sent by it may come a little later, or sooner after another. And one
          // where the rate limit changes hands: it holds one after a start.
          assert.isAtMost(more + 1, burst + ((to - from) / 1000 / perSeconds) * messages + 2.5)
        }
      }
    },
    messages: (room) => slack.messages.filter(({ url }) => url === `/services/T0/B0/${room}`),
    told: () => {
      const words = new Map<string, Array<string>>()
      for (const { payload } of slack.messages) {
        const shown = show(payload)
        const alert = nameIn(shown)
        words.set(alert, [
          ...(words.get(alert) ?? []),
          /(Raised and cleared|Raised|Cleared)(?: here:|: Flood)/.exec(shown)?.[1] ?? "?"
        ])
      }
      return words
    },
    settled: Effect.fnUntraced(function* (gateway) {
      const page = (query: string) =>
        Effect.map(Effect.orDie(request(gateway, "GET", `/v1/deliveries?${query}`)), ({ text }) =>
          Schema.decodeUnknownSync(Schema.fromJsonString(Schema.toCodecJson(listOf(Delivery))))(text)
        )
      yield* Gate.eventually("the end of all deliveries", page("status=open&limit=1"), ({ total }) => total === 0)
      const all: Array<typeof Delivery.Type> = []
      for (let next: string | undefined = ""; next !== undefined;) {
        const { items, next: after }: Effect.Success<ReturnType<typeof page>> = yield* page(
          `limit=500${next === "" ? "" : `&after=${next}`}`
        )
        all.push(...items)
        next = after
      }
      return all
    })
  }
})

/** The alert that a message names. */
export const nameIn = (text: string): string => /flood alert (\S+)\./.exec(text)?.[1] ?? text
