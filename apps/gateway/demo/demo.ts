/**
 * The tour for a newcomer: the real gateway between ThousandEyes' own payloads
 * and fakes of Slack and HipChat. Exits 0 only if all four messages arrived,
 * right and in order. With `--all`: one alert through all channels.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Api } from "@tocsin/client"
import { IntegrationId } from "@tocsin/core"
import { FakePage, FakeServer } from "@tocsin/core/fakes"
import { FakeHipChat, show as showHipChat } from "@tocsin/plugin-hipchat/testing"
import { FakeSlack, show as showSlack } from "@tocsin/plugin-slack/testing"
import { Console, Data, Effect, Schedule } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { allChannels } from "./allChannels.ts"
import * as GatewayProcess from "./gatewayProcess.ts"

class DemoFailed extends Data.TaggedError("DemoFailed")<{ readonly message: string }> {}

const startGateway = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "tocsin-demo-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true }))
  )
  return yield* GatewayProcess.start({
    TOCSIN_DATABASE_URL: `sqlite:${join(folder, "tocsin.db")}`,
    TOCSIN_EGRESS_ALLOW: "127.0.0.1"
  })
})

const demo = Effect.gen(function* () {
  const token = "the-rooms-auth-token"
  const slack = new FakeSlack()
  const hipChat = new FakeHipChat({ token })
  const slackUrl = yield* FakeServer.serve(FakePage.withPage(slack))
  const hipChatUrl = yield* FakeServer.serve(FakePage.withPage(hipChat))
  const gateway = yield* startGateway
  const api = yield* HttpApiClient.make(Api, { baseUrl: gateway.url })
  yield* Console.log(
    `A gateway on ${gateway.url}, a fake Slack and a fake HipChat.\nTheir channels are shown at ${slackUrl}/ and ${hipChatUrl}/ while this runs.\n`
  )

  yield* api.integrations.create({
    payload: {
      id: IntegrationId.make("slack"),
      name: "#ops",
      type: "slack",
      settings: { url: `${slackUrl}/services/T0/B0/XXX`, channel: "#ops" }
    }
  })
  yield* api.integrations.create({
    payload: {
      id: IntegrationId.make("hipchat"),
      name: "Ops room",
      type: "hipchat",
      settings: { url: `${hipChatUrl}/v2/room/42/notification`, authToken: token }
    }
  })
  yield* api.rules.create({
    payload: {
      name: "All that ThousandEyes raises",
      match: { source: "thousandeyes" },
      integrations: [IntegrationId.make("slack"), IntegrationId.make("hipchat")],
      notifyOnClear: true
    }
  })
  yield* Console.log("Made two integrations and one alert rule (send when clears: on).")

  for (const [n, fixture] of ["thousandeyes-trigger", "thousandeyes-trigger-cleared"].entries()) {
    yield* post(gateway.url, `${fixture}.json`)
    yield* arrived(() => slack.messages.length > n && hipChat.messages.length > n)
    yield* Console.log(`\nThousandEyes posted ${fixture}.json\n`)
    yield* Console.log(`--- Slack, #ops ${"-".repeat(60)}\n${showSlack(slack.messages[n]?.payload)}\n`)
    yield* Console.log(`--- HipChat, room 42 ${"-".repeat(55)}\n${showHipChat(hipChat.messages[n]?.payload)}`)
  }

  yield* check(
    "Slack",
    slack.messages.map(({ payload }) => showSlack(payload))
  )
  yield* check(
    "HipChat",
    hipChat.messages.map(({ payload }) => showHipChat(payload))
  )
  yield* Console.log("\nAll four messages arrived, right and in order.")
})

const post = Effect.fnUntraced(function* (url: string, fixture: string) {
  const body = yield* Effect.promise(() => readFile(join(fixtures, fixture), "utf8"))
  const request = HttpClientRequest.post(`${url}/v1/sources/thousandeyes`).pipe(
    HttpClientRequest.bodyText(body, "application/json")
  )
  const response = yield* HttpClient.execute(request)
  if (response.status !== 200) return yield* new DemoFailed({ message: `The gateway answered ${response.status}` })
})

const fixtures = new URL("../../../packages/sources/test/fixtures/", import.meta.url).pathname

/** Looks often, and gives up after half a minute. */
const arrived = (isTrue: () => boolean) =>
  Effect.suspend(() => (isTrue() ? Effect.void : new DemoFailed({ message: "A message did not arrive" }))).pipe(
    Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 6000 })
  )

/** What each room must have been told: the raise with the view at its start, then the clear with the view at its end. */
const check = Effect.fnUntraced(function* (room: string, messages: ReadonlyArray<string>) {
  const wanted = [
    ["Raised: HTTP errors on checkout-eu", "roundId=1650925080"],
    ["Cleared: HTTP errors on checkout-eu", "roundId=1650925860"]
  ]
  const isRight =
    messages.length === wanted.length && wanted.every((parts, n) => parts.every((part) => messages[n]?.includes(part)))
  if (!isRight)
    return yield* new DemoFailed({ message: `${room} did not get the raise and then the clear, as they should be` })
})

const chosen = Effect.gen(function* () {
  if (process.argv.includes("--all")) yield* allChannels((yield* startGateway).url)
  else yield* demo
})

chosen.pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici), NodeRuntime.runMain)
