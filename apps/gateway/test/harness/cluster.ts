/**
 * Several real gateways on one real PostgreSQL, a fake of Slack, and senders that retry as documented.
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
import { fast } from "./channels.ts"

/** What a gateway answered. */
interface Answer {
  readonly status: number
  readonly text: string
}

/** The gateways, their database and the fake that they call. */
export interface Cluster {
  readonly slack: FakeSlack
  readonly slackUrl: string
  readonly slackGate: Gate.Gate
  readonly postgres: Effect.Success<typeof running>
  readonly gateways: Array<GatewayProcess.GatewayProcess>
  /** Starts another gateway. */
  readonly join: (
    options?: GatewayProcess.Options
  ) => Effect.Effect<GatewayProcess.GatewayProcess, GatewayProcess.GatewayEnded>
  /** Sends a request to one of the gateways. */
  readonly request: (
    gateway: number,
    method: HttpMethod.HttpMethod,
    path: string,
    body?: unknown
  ) => Effect.Effect<Answer, HttpClientError.HttpClientError>
  /** Creates an integration with a webhook of this name, and a rule of the same id that matches alerts with this `channel` label. */
  readonly channel: (
    name: string,
    options?: { readonly hook?: string; readonly limits?: typeof fast }
  ) => Effect.Effect<void>
  /** Sends an event to the gateways in turn until one accepts it. */
  readonly send: (alert: string, channel: string, state?: "raised" | "cleared") => Effect.Effect<void>
  /** The messages that a channel received. */
  readonly messages: (channel: string) => FakeSlack["messages"]
  /** Asserts that a webhook received no more messages since its creation than a rate limit allows, by their times of arrival. */
  readonly keepsTo: (rateLimit: typeof fast, hook: string) => void
  /** The first words of the messages about each alert, in order, over all channels. */
  readonly received: () => ReadonlyMap<string, ReadonlyArray<string>>
  /** Waits until no delivery is open, and returns all deliveries as a gateway lists them. */
  readonly settled: (gateway: number) => Effect.Effect<ReadonlyArray<typeof Delivery.Type>>
}

/** Starts this many gateways on one new database, in this process. */
export const makeInProcess = (count: number, settings?: { readonly [name: string]: string }) =>
  make(count, InProcess.start, settings)

/** Starts this many gateways on one new database, each in a process of its own. */
export const make = Effect.fnUntraced(function* (
  count: number,
  start: typeof GatewayProcess.start = GatewayProcess.start,
  settings: { readonly [name: string]: string } = {}
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
    TOCSIN_EGRESS_ALLOW: "127.0.0.1",
    ...settings
  }
  const join: Cluster["join"] = (options) =>
    start(environment, options).pipe(
      Effect.tap((gateway) => Effect.sync(() => gateways.push(gateway))),
      Effect.provideService(Scope.Scope, scope)
    )
  // All at once, as an orchestrator does.
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

  /** When the first channel with a webhook was created. */
  const since = new Map<string, number>()
  let turn = 0
  const send: Cluster["send"] = (alert, channel, state = "raised") =>
    Effect.suspend(() =>
      request(turn++ % gateways.length, "POST", "/v1/alerts", {
        source: "flood",
        id: `${alert}.`,
        eventId: `${alert} ${state}`,
        state,
        startedAt: "2026-01-01T00:00:00Z",
        rule: { name: "Flood" },
        labels: { channel }
      })
    ).pipe(
      // A stopped process does not answer.
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
    channel: Effect.fnUntraced(function* (name, { hook = name, limits = fast } = {}) {
      const settings = { url: `${slackUrl}/services/T0/B0/${hook}` }
      since.set(hook, since.get(hook) ?? Date.now())
      yield* made("/v1/integrations", { id: name, name, type: "slack", limits, settings })
      yield* made("/v1/rules", {
        id: name,
        name,
        match: { labels: { channel: name } },
        integrations: [name],
        notifyOnClear: true
      })
    }),
    keepsTo: ({ burst, messages, perSeconds }, hook) => {
      const times = slack.messages.filter(({ url }) => url === `/services/T0/B0/${hook}`).map(({ at }) => at)
      const from = since.get(hook) ?? 0
      for (const [more, to] of times.entries()) {
        // One more where another gateway takes over the lane: its rate limiter starts with one token. No shorter time is
        // compared, because on a busy machine messages that were sent one after another arrive together.
        assert.isAtMost(more + 1, burst + ((to - from) / 1000 / perSeconds) * messages + 1.5)
      }
    },
    messages: (channel) => slack.messages.filter(({ url }) => url === `/services/T0/B0/${channel}`),
    received: () => {
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
