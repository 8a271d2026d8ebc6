import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { Accepted, AlertDetails } from "../harness/answers.ts"
import { eventually, until } from "../harness/gate.ts"
import * as RawSocket from "../harness/rawSocket.ts"
import { fixture, make } from "../harness/gateway.ts"

describe("After SIGTERM", () => {
  it.live("exits with 0, and the next gateway delivers the pending messages", () =>
    Effect.gen(function* () {
      const harness = yield* make()
      const channels = yield* harness.channels("ops", { match: { source: "ended" } })
      harness.slackGate.hold()
      const alerts = Array.from({ length: 40 }, (_, n) => ({
        source: "ended",
        id: `a${n}`,
        state: "raised",
        startedAt: "2026-01-01T00:00:00Z",
        rule: { name: "Ended" }
      }))
      const posted = yield* harness.request("POST", "/v1/alerts", alerts)
      assert.strictEqual(posted.status, 202)
      assert.strictEqual(yield* harness.gateway().stop("SIGTERM"), 0)
      assert.lengthOf(harness.slack.messages, 0)
      harness.slackGate.open("drop")
      yield* harness.start
      yield* channels.received(alerts.length)
      const { items } = posted.as(Accepted)
      for (const { id } of items) {
        const { deliveries } = (yield* harness.request("GET", `/v1/alerts/${id}`)).as(AlertDetails)
        assert.deepStrictEqual(
          deliveries.map(({ status }) => status),
          ["delivered", "delivered"]
        )
      }
    })
  )

  it.live("finishes an attempt in flight first", () =>
    Effect.gen(function* () {
      const harness = yield* make()
      const channels = yield* harness.channels("ops", { match: {} })
      harness.slackGate.hold()
      harness.hipChatGate.hold()
      yield* harness.request("POST", "/v1/sources/thousandeyes", yield* fixture("trigger"))
      yield* until("both attempts", () => harness.slackGate.held() + harness.hipChatGate.held() === 2)
      const ended = yield* Effect.forkChild(harness.gateway().stop("SIGTERM"))
      // A connection that is kept alive would be served on for a while.
      const ask = harness.request("GET", "/healthz", undefined, { connection: "close" })
      yield* eventually("the gateway to take no more", Effect.exit(ask), Exit.isFailure)
      harness.slackGate.open()
      harness.hipChatGate.open()
      assert.strictEqual(yield* Fiber.join(ended), 0)
      yield* harness.start
      yield* channels.received(1)
    })
  )

  it.live("answers a request that is still arriving, and disconnects silent clients", () =>
    Effect.gen(function* () {
      const harness = yield* make()
      const { url } = harness.gateway()
      const silent = yield* RawSocket.open(url)
      const slow = yield* RawSocket.open(url)
      const body = JSON.stringify({
        source: "slow",
        id: "a",
        state: "raised",
        startedAt: "2026-01-01T00:00:00Z",
        rule: { name: "Slow" }
      })
      slow.say(`POST /v1/alerts HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n`)
      slow.say(`Expect: 100-continue\r\n\r\n${body.slice(0, 20)}`)
      yield* until("the request to begin", () => slow.heard().includes("100 Continue"))
      const ended = yield* Effect.forkChild(harness.gateway().stop("SIGTERM"))
      const ask = harness.request("GET", "/healthz", undefined, { connection: "close" })
      yield* eventually("the gateway to take no more", Effect.exit(ask), Exit.isFailure)
      slow.say(body.slice(20))
      assert.deepStrictEqual(RawSocket.statuses(yield* slow.closed), [100, 202])
      assert.match(slow.heard(), /connection: close/i)
      assert.strictEqual(yield* silent.closed, "")
      assert.strictEqual(yield* Fiber.join(ended), 0)
      yield* harness.start
      assert.include((yield* harness.request("GET", "/v1/alerts?source=slow")).text, `"total":1`)
    })
  )
})
