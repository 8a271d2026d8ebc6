/**
 * A real gateway on its own database, stand-ins for Slack and HipChat, and a caller.
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
import { hipChatToken, makeRoom, type Room, type RoomOptions } from "./room.ts"

export { type Answer, hipChatToken }

/** The gateway in its world. */
export interface World {
  readonly slack: FakeSlack
  readonly slackUrl: string
  /** Holds back what Slack or HipChat would answer. */
  readonly slackGate: Gate.Gate
  readonly hipChat: FakeHipChat
  readonly hipChatUrl: string
  readonly hipChatGate: Gate.Gate
  /** The SQLite file. */
  readonly database: string
  /** The gateway that runs, or ran last. */
  readonly gateway: () => GatewayProcess.GatewayProcess
  /** Starts a gateway on the same database; the one before must have ended. */
  readonly start: Effect.Effect<void, GatewayProcess.GatewayEnded>
  /** Starts one with some settings changed. */
  readonly startWith: (settings: {
    readonly [name: string]: string
  }) => Effect.Effect<void, GatewayProcess.GatewayEnded>
  readonly request: Request
  /** Bodies and headers of all answers so far. */
  readonly answers: ReadonlyArray<string>
  /** Makes an integration of each type, and a rule that leads to both. */
  readonly room: (id: string, options: RoomOptions) => Effect.Effect<Room, HttpClientError.HttpClientError>
}

/** Makes a world whose gateway is a process of its own, and ends all of it with the scope. */
export const make = (
  settings: { readonly [name: string]: string } = {},
  startGateway: typeof InProcess.start = GatewayProcess.start
): Effect.Effect<World, GatewayProcess.GatewayEnded, Scope.Scope> =>
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

    const startWith: World["startWith"] = (changed) =>
      startGateway({ ...environment, ...changed }).pipe(
        Effect.map((started) => void (running = started)),
        Effect.provideService(Scope.Scope, scope)
      )

    const world: Omit<World, "room"> = {
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
    return { ...world, room: (id: string, options: RoomOptions) => makeRoom(world, id, options) }
  })

/** Makes a world whose gateway runs in this process. */
export const makeInProcess = (settings?: { readonly [name: string]: string }) => make(settings, InProcess.start)

/** One world for all tests of a file, whose gateway runs in this process. */
export class SharedWorld extends Context.Service<SharedWorld, World>()("@tocsin/gateway/test/SharedWorld") {
  static readonly layer = (settings: { readonly [name: string]: string } = {}) =>
    Layer.effect(SharedWorld, makeInProcess(settings))
}

/** A body that ThousandEyes posts, with some texts in it replaced by others. */
export const fixture = (name: string, replaced: { readonly [text: string]: string } = {}): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => readFile(join(fixtures, `thousandeyes-${name}.json`), "utf8")),
    (body) => Object.entries(replaced).reduce((body, [from, to]) => body.replaceAll(from, to), body)
  )

/** The alert of 2022, `trigger` or `trigger-cleared`, with an id of the test's own, which is also its rule's name. */
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
