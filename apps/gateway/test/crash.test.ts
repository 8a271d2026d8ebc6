import { assert, describe, it } from "@effect/vitest"
import { show as showHipChat } from "@tocsin/plugin-hipchat/testing"
import { show as showSlack } from "@tocsin/plugin-slack/testing"
import { Deferred, Effect, Fiber, Random, Schedule } from "effect"
import { Delivery, listOf } from "./answers.ts"
import { eventually, type Gate, until } from "./gate.ts"
import { fixture, make, type World } from "./world.ts"

const postTrigger = Effect.fnUntraced(function* (world: World) {
  const { status } = yield* world.request("POST", "/v1/sources/thousandeyes", yield* fixture("trigger"))
  assert.strictEqual(status, 200)
})

describe("After kill -9", { timeout: 90_000 }, () => {
  it.live("what was answered with 200 is told", () =>
    Effect.gen(function* () {
      const world = yield* make()
      const room = yield* world.room("ops", { match: {} })
      world.slackGate.hold()
      world.hipChatGate.hold()
      yield* postTrigger(world)
      yield* world.gateway().stop("SIGKILL")
      yield* world.start
      world.slackGate.open("drop")
      world.hipChatGate.open("drop")
      const [told] = yield* room.told(1)
      assert.include(told?.slack.shown, "Raised: HTTP errors on checkout-eu")
      assert.include(told?.hipChat.shown, "Raised: HTTP errors on checkout-eu")
    })
  )

  it.live("what the service was being told is told again, and its history says so", () =>
    Effect.gen(function* () {
      const world = yield* make()
      const room = yield* world.room("ops", { match: {} })
      world.slackGate.hold()
      world.hipChatGate.hold()
      yield* postTrigger(world)
      yield* until("both attempts", () => world.slackGate.held() + world.hipChatGate.held() === 2)
      yield* world.gateway().stop("SIGKILL")
      world.slackGate.open()
      world.hipChatGate.open()
      yield* world.start
      yield* room.told(2)
      const { items } = (yield* world.request("GET", "/v1/deliveries")).as(listOf(Delivery))
      const raises = items.filter(({ text }) => text?.includes("checkout-eu"))
      assert.lengthOf(raises, 2)
      for (const { attempts, transitions } of raises) {
        assert.strictEqual(attempts, 2)
        assert.deepStrictEqual(
          transitions.map(({ status }) => status),
          ["pending", "sending", "retrying", "sending", "delivered"]
        )
        assert.include(transitions[2]?.cause, "perhaps sent twice")
      }
    })
  )

  it.live("a raise that nobody was told of and its clear are one message", () =>
    Effect.gen(function* () {
      const world = yield* make()
      const room = yield* world.room("ops", { match: {}, notifyOnClear: false })
      world.slackGate.hold()
      world.hipChatGate.hold()
      yield* postTrigger(world)
      yield* world.request("POST", "/v1/sources/thousandeyes", yield* fixture("trigger-cleared"))
      yield* world.gateway().stop("SIGKILL")
      yield* world.start
      world.slackGate.open("drop")
      world.hipChatGate.open("drop")
      const [told] = yield* room.told(1)
      assert.include(told?.slack.shown, "Raised and cleared: HTTP errors on checkout-eu")
      assert.include(told?.hipChat.shown, "Raised and cleared: HTTP errors on checkout-eu")
    })
  )

  it.live("at random moments of a flood nothing is lost, and only what was in flight is told twice", () =>
    Effect.gen(function* () {
      const kills = 5
      let killed = 0
      let posted = 0
      const world = yield* make()
      yield* world.room("ops", { match: { source: "flood" } })

      /** As a sender does: the same event again until it is taken. */
      const post = (n: number, state: "raised" | "cleared") =>
        world
          .request("POST", "/v1/alerts", {
            source: "flood",
            id: `a${n}.`,
            eventId: `${state}-${n}`,
            state,
            startedAt: "2026-01-01T00:00:00Z",
            rule: { name: "Flood" }
          })
          .pipe(
            Effect.tap(({ status, text }) => Effect.sync(() => assert.strictEqual(status, 202, text))),
            Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 1500 })
          )
      const sender = Effect.gen(function* () {
        while (killed < kills) {
          const n = posted++
          yield* post(n, "raised")
          yield* post(n, "cleared")
        }
      })
      const flood = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: 4 }, () => sender),
          { concurrency: "unbounded" }
        )
      )

      for (; killed < kills; killed++) {
        const more = yield* Random.nextIntBetween(1, 40)
        // By turns in the midst of events that come and of messages that go.
        if (killed % 2 === 0) {
          const enough = world.answers.length + 2 * more
          yield* until("events", () => world.answers.length >= enough)
        } else {
          yield* arrivals(world.slackGate, more)
        }
        yield* world.gateway().stop("SIGKILL")
        yield* world.start
      }
      yield* Fiber.join(flood)
      yield* eventually(
        "the end of all deliveries",
        Effect.map(world.request("GET", "/v1/deliveries?status=open"), ({ as }) => as(listOf(Delivery)).total),
        (total) => total === 0
      )

      for (const shown of [
        world.slack.messages.map(({ payload }) => showSlack(payload)),
        world.hipChat.messages.map(({ payload }) => showHipChat(payload))
      ]) {
        const told = wordsByAlert(shown)
        assert.strictEqual(told.size, posted)
        let repeats = 0
        for (const [alert, words] of told) {
          const said = `${alert}: ${words.join(", ")}`
          assert.match(words[0] ?? "", /^Raised/, said)
          assert.match(words.at(-1) ?? "", /cleared$/i, said)
          repeats += words.length - (words.includes("Cleared") ? 2 : 1)
        }
        assert.isAtMost(repeats, kills)
      }
    })
  )
})

/** Waits for so many more requests at the gate. */
const arrivals = (gate: Gate, more: number) =>
  Effect.gen(function* () {
    const arrived = yield* Deferred.make<void>()
    const target = gate.arrived() + more
    gate.onArrival = (count) => {
      if (count >= target) Deferred.doneUnsafe(arrived, Effect.void)
    }
    yield* Deferred.await(arrived)
  })

/** For each alert the words that its messages begin with. */
const wordsByAlert = (messages: ReadonlyArray<string>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const words = new Map<string, Array<string>>()
  for (const shown of messages) {
    const alert = /flood alert (a\d+)/.exec(shown)?.[1] ?? "?"
    const word = /(Raised and cleared|Raised|Cleared): Flood/.exec(shown)?.[1] ?? "?"
    words.set(alert, [...(words.get(alert) ?? []), word])
  }
  return words
}
