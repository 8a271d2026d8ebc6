import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { Accepted, AlertDetails } from "../harness/answers.ts"
import { eventually, until } from "../harness/gate.ts"
import * as RawSocket from "../harness/rawSocket.ts"
import { fixture, make } from "../harness/world.ts"

describe("After SIGTERM", () => {
  it.live("the gateway ends with 0, and what it owes is told by the next", () =>
    Effect.gen(function* () {
      const world = yield* make()
      const room = yield* world.room("ops", { match: { source: "ended" } })
      world.slackGate.hold()
      const alerts = Array.from({ length: 40 }, (_, n) => ({
        source: "ended",
        id: `a${n}`,
        state: "raised",
        startedAt: "2026-01-01T00:00:00Z",
        rule: { name: "Ended" }
      }))
      const posted = yield* world.request("POST", "/v1/alerts", alerts)
      assert.strictEqual(posted.status, 202)
      assert.strictEqual(yield* world.gateway().stop("SIGTERM"), 0)
      assert.lengthOf(world.slack.messages, 0)
      world.slackGate.open("drop")
      yield* world.start
      yield* room.told(alerts.length)
      const { items } = posted.as(Accepted)
      for (const { id } of items) {
        const { deliveries } = (yield* world.request("GET", `/v1/alerts/${id}`)).as(AlertDetails)
        assert.deepStrictEqual(
          deliveries.map(({ status }) => status),
          ["delivered", "delivered"]
        )
      }
    })
  )

  it.live("an attempt that has begun is finished first", () =>
    Effect.gen(function* () {
      const world = yield* make()
      const room = yield* world.room("ops", { match: {} })
      world.slackGate.hold()
      world.hipChatGate.hold()
      yield* world.request("POST", "/v1/sources/thousandeyes", yield* fixture("trigger"))
      yield* until("both attempts", () => world.slackGate.held() + world.hipChatGate.held() === 2)
      const ended = yield* Effect.forkChild(world.gateway().stop("SIGTERM"))
      // A connection that is kept alive would be served on for a while.
      const ask = world.request("GET", "/healthz", undefined, { connection: "close" })
      yield* eventually("the gateway to take no more", Effect.exit(ask), Exit.isFailure)
      world.slackGate.open()
      world.hipChatGate.open()
      assert.strictEqual(yield* Fiber.join(ended), 0)
      yield* world.start
      yield* room.told(1)
    })
  )

  it.live("a request that is still being sent is answered, and who says nothing is cut off", () =>
    Effect.gen(function* () {
      const world = yield* make()
      const { url } = world.gateway()
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
      const ended = yield* Effect.forkChild(world.gateway().stop("SIGTERM"))
      const ask = world.request("GET", "/healthz", undefined, { connection: "close" })
      yield* eventually("the gateway to take no more", Effect.exit(ask), Exit.isFailure)
      slow.say(body.slice(20))
      assert.deepStrictEqual(RawSocket.statuses(yield* slow.closed), [100, 202])
      assert.match(slow.heard(), /connection: close/i)
      assert.strictEqual(yield* silent.closed, "")
      assert.strictEqual(yield* Fiber.join(ended), 0)
      yield* world.start
      assert.include((yield* world.request("GET", "/v1/alerts?source=slow")).text, `"total":1`)
    })
  )
})
