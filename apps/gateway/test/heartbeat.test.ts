import { assert, describe, it } from "@effect/vitest"
import { type Dependency, Readiness } from "@tocsin/delivery"
import { FakeServer } from "@tocsin/core/fakes"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as Heartbeat from "../src/heartbeat.ts"
import { Settings } from "../src/startup/settings/Settings.ts"
import { eventually } from "./harness/gate.ts"
import { makeInProcess } from "./harness/gateway.ts"

const canary = "c4n4ry-uuid"

/** The heartbeat alone, on a gateway and a switch that do as they are told. */
const scripted = Effect.gen(function* () {
  const calls: Array<string> = []
  const lines: Array<string> = []
  const script: { status: number; failed: Dependency["name"] | undefined } = { status: 200, failed: undefined }
  const client = HttpClient.make((request) =>
    Effect.sync(() => {
      calls.push(`${request.method} ${request.url}`)
      return HttpClientResponse.fromWeb(request, new Response(`No such check: ${canary}`, { status: script.status }))
    })
  )
  const dependency = (name: Dependency["name"]): Dependency =>
    script.failed === name ? { name, status: "failed", detail: "It is gone." } : { name, status: "ok" }
  yield* Layer.build(
    Heartbeat.layer.pipe(
      Layer.provide([
        Layer.succeed(HttpClient.HttpClient, client),
        Layer.succeed(
          Readiness,
          Readiness.of({ dependencies: Effect.sync(() => [dependency("store"), dependency("partitions")] as const) })
        ),
        Settings.layer
      ]),
      Layer.provide([
        ConfigProvider.layer(
          ConfigProvider.fromUnknown({ TOCSIN_HEARTBEAT_URL: `https://switch.example/${canary}?from=tocsin` })
        ),
        Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
      ])
    )
  )
  return { calls, lines, script }
})

describe("The heartbeat", () => {
  it.effect("is sent at the start and every minute", () =>
    Effect.gen(function* () {
      const { calls, lines } = yield* scripted
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(calls, [`GET https://switch.example/${canary}?from=tocsin`])
      yield* TestClock.adjust("58 seconds")
      assert.lengthOf(calls, 1)
      yield* TestClock.adjust("10 minutes")
      assert.lengthOf(calls, 11)
      assert.deepStrictEqual(lines, [])
    })
  )

  it.effect.each(["store", "partitions"] as const)("stops while the %s fails, and resumes within ten seconds", (name) =>
    Effect.gen(function* () {
      const { calls, lines, script } = yield* scripted
      yield* TestClock.adjust("1 second")
      script.failed = name
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(calls, 1)
      script.failed = undefined
      yield* TestClock.adjust("10 seconds")
      assert.lengthOf(calls, 2)
      assert.deepStrictEqual(lines, [
        `No heartbeat is sent: The check of the ${name} failed. It is gone.`,
        "Heartbeats are sent again."
      ])
    })
  )

  it.effect("is not logged as stopped while a takeover lasts some seconds", () =>
    Effect.gen(function* () {
      const { calls, lines, script } = yield* scripted
      script.failed = "partitions"
      yield* TestClock.adjust("9 seconds")
      assert.lengthOf(calls, 0)
      script.failed = undefined
      yield* TestClock.adjust("1 second")
      assert.lengthOf(calls, 1)
      assert.deepStrictEqual(lines, [])
    })
  )

  it.effect("is sent again ten seconds after it failed, and logged once without the URL", () =>
    Effect.gen(function* () {
      const { calls, lines, script } = yield* scripted
      script.status = 404
      yield* TestClock.adjust("61 seconds")
      script.status = 200
      yield* TestClock.adjust("9 seconds")
      assert.lengthOf(calls, 8)
      yield* TestClock.adjust("59 seconds")
      assert.lengthOf(calls, 8)
      assert.deepStrictEqual(lines, ["No heartbeat is sent: The answer is HTTP 404.", "Heartbeats are sent again."])
    })
  )

  it.live("reaches a real server from a real gateway, through the egress guard", () =>
    Effect.gen(function* () {
      const received: Array<string> = []
      const url = yield* FakeServer.serve({
        answer: ({ method, url }) => {
          received.push(`${method} ${url}`)
          return { status: 200, headers: {}, body: "OK" }
        }
      })
      const settings = { TOCSIN_HEARTBEAT_URL: `${url}/ping/${canary}` }
      const sent = eventually(
        "a heartbeat",
        Effect.sync(() => received.length),
        (count) => count > 0
      )
      yield* Effect.scoped(Effect.andThen(makeInProcess(settings), sent))
      assert.strictEqual(received[0], `GET /ping/${canary}`)

      received.length = 0
      const refused = yield* makeInProcess({ ...settings, TOCSIN_EGRESS_ALLOW: "" })
      const printed = yield* eventually(
        "the refusal",
        Effect.sync(() => refused.gateway().printed()),
        (printed) => printed.includes("No heartbeat is sent: Only https is called")
      )
      assert.notInclude(printed, canary)
      assert.deepStrictEqual(received, [])
    })
  )
})
