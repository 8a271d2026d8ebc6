/**
 * A real gateway on its own database, fakes of Slack and HipChat, and a client.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { FakeServer } from "@tocsin/core/fakes"
import { FakeHipChat } from "@tocsin/plugin-hipchat/testing"
import { FakeSlack } from "@tocsin/plugin-slack/testing"
import { Context, Effect, Layer, Schema, Scope } from "effect"
import { HttpClient, type HttpClientError, HttpClientRequest } from "effect/http"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as GatewayProcess from "../../demo/gatewayProcess.ts"
import * as Gate from "./gate.ts"
import * as InProcess from "./inProcess.ts"
import type { Answer, Request } from "./request.ts"
import { hipChatToken, makeChannels, type Channels, type ChannelsOptions } from "./channels.ts"

export { type Answer, hipChatToken }

/** A gateway, its database and the services that it calls. */
export interface Harness {
  readonly slack: FakeSlack
  readonly slackUrl: string
  /** Holds the answers of Slack. */
  readonly slackGate: Gate.Gate
  readonly hipChat: FakeHipChat
  readonly hipChatUrl: string
  readonly hipChatGate: Gate.Gate
  /** The SQLite file. */
  readonly database: string
  /** The current gateway, or the last one. */
  readonly gateway: () => GatewayProcess.GatewayProcess
  /** Starts a gateway on the same database; the previous one must have ended. */
  readonly start: Effect.Effect<void, GatewayProcess.GatewayEnded>
  /** Starts a gateway on the same database with some settings changed. */
  readonly startWith: (settings: {
    readonly [name: string]: string
  }) => Effect.Effect<void, GatewayProcess.GatewayEnded>
  readonly request: Request
  /** Bodies and headers of all answers so far. */
  readonly answers: ReadonlyArray<string>
  /** Creates a Slack and a HipChat integration, and a rule that routes alerts to both. */
  readonly channels: (id: string, options: ChannelsOptions) => Effect.Effect<Channels, HttpClientError.HttpClientError>
}

/** Starts a gateway in a process of its own; everything stops when the scope closes. */
export const make = (
  settings: { readonly [name: string]: string } = {},
  startGateway: typeof InProcess.start = GatewayProcess.start
): Effect.Effect<Harness, GatewayProcess.GatewayEnded, Scope.Scope> =>
  Effect.gen(function* () {
    const client = Context.get(yield* Layer.build(NodeHttpClient.layerUndici), HttpClient.HttpClient)
    const scope = yield* Effect.scope
    const slack = new FakeSlack()
    const slackGate = Gate.make()
    const slackUrl = yield* FakeServer.serve(slack, { before: slackGate.pass })
    const hipChat = new FakeHipChat({ token: hipChatToken })
    const hipChatGate = Gate.make()
    const hipChatUrl = yield* FakeServer.serve(hipChat, { before: hipChatGate.pass })
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "tocsin-test-"))),
      (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
    )
    const database = join(folder, "tocsin.db")
    const environment = {
      TOCSIN_DATABASE_URL: `sqlite:${database}`,
      TOCSIN_EGRESS_ALLOW: "127.0.0.1",
      ...settings
    }
    let running = yield* startGateway(environment)
    const answers: Array<string> = []

    const request: Request = Effect.fnUntraced(function* (method, path, body, headers = {}) {
      const text = typeof body === "string" ? body : JSON.stringify(body)
      const bare = HttpClientRequest.make(method)(`${running.url}${path}`).pipe(HttpClientRequest.setHeaders(headers))
      const response = yield* client.execute(
        body === undefined ? bare : HttpClientRequest.bodyText(bare, text, "application/json")
      )
      const answered = yield* response.text
      answers.push(JSON.stringify(response.headers), answered)
      return {
        status: response.status,
        headers: response.headers,
        text: answered,
        as: (schema) => Schema.decodeUnknownSync(Schema.fromJsonString(Schema.toCodecJson(schema)))(answered)
      }
    })

    const startWith: Harness["startWith"] = (changed) =>
      startGateway({ ...environment, ...changed }).pipe(
        Effect.map((started) => void (running = started)),
        Effect.provideService(Scope.Scope, scope)
      )

    const harness: Omit<Harness, "channels"> = {
      slack,
      slackUrl,
      slackGate,
      hipChat,
      hipChatUrl,
      hipChatGate,
      database,
      request,
      answers,
      gateway: () => running,
      start: startWith({}),
      startWith
    }
    return { ...harness, channels: (id: string, options: ChannelsOptions) => makeChannels(harness, id, options) }
  })

/** Starts a gateway in this process. */
export const makeInProcess = (settings?: { readonly [name: string]: string }) => make(settings, InProcess.start)

/** One gateway for all tests of a file, in this process. */
export class SharedHarness extends Context.Service<SharedHarness, Harness>()("@tocsin/gateway/test/SharedHarness") {
  static readonly layer = (settings: { readonly [name: string]: string } = {}) =>
    Layer.effect(SharedHarness, makeInProcess(settings))
}

/** A body that ThousandEyes posts, with some texts replaced. */
export const fixture = (name: string, replaced: { readonly [text: string]: string } = {}): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => readFile(join(fixtures, `thousandeyes-${name}.json`), "utf8")),
    (body) => Object.entries(replaced).reduce((body, [from, to]) => body.replaceAll(from, to), body)
  )

/** The recorded alert of 2022, `trigger` or `trigger-cleared`, with another id, which is also the name of its rule. */
export const ownFixture = (
  name: string,
  id: string,
  replaced: { readonly [text: string]: string } = {}
): Effect.Effect<string> =>
  fixture(name, {
    ": 118039164": `: "${id}"`,
    "=118039164": `=${id}`,
    "-118039164": `-${id}`,
    "HTTP errors": id,
    ...replaced
  })

/** Bodies that ThousandEyes sends. */
export const fixtures = new URL("../../../../packages/sources/test/fixtures/", import.meta.url).pathname
