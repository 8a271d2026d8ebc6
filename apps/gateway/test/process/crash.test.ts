import { assert, describe, it } from "@effect/vitest"
import { show as showHipChat } from "@tocsin/plugin-hipchat/testing"
import { show as showSlack } from "@tocsin/plugin-slack/testing"
import { Deferred, Effect, Fiber, Random, Schedule, Schema } from "effect"
import { DatabaseSync } from "node:sqlite"
import { inject } from "vitest"
import { Delivery, listOf } from "../harness/answers.ts"
import { eventually, type Gate, until } from "../harness/gate.ts"
import { fast } from "../harness/channels.ts"
import { alertsIn } from "../harness/alertsIn.ts"
import { fixture, make, type Harness } from "../harness/gateway.ts"

const postTrigger = Effect.fnUntraced(function* (harness: Harness) {
  const { status } = yield* harness.request("POST", "/v1/sources/thousandeyes", yield* fixture("trigger"))
  assert.strictEqual(status, 200)
})

/** Decides when the gateway is killed; another one by `TOCSIN_CRASH_SEED`. */
const seed = process.env["TOCSIN_CRASH_SEED"] ?? "1"

describe("After kill -9", () => {
  it.live("delivers an alert that was answered with 200", () =>
    Effect.gen(function* () {
      const harness = yield* make()
      const channels = yield* harness.channels("ops", { match: {} })
      harness.slackGate.hold()
      harness.hipChatGate.hold()
      yield* postTrigger(harness)
      yield* harness.gateway().stop("SIGKILL")
      yield* harness.start
      harness.slackGate.open("drop")
      harness.hipChatGate.open("drop")
      const [received] = yield* channels.received(1)
      assert.include(received?.slack.shown, "Raised: HTTP errors on checkout-eu")
      assert.include(received?.hipChat.shown, "Raised: HTTP errors on checkout-eu")
    })
  )

  it.live("sends a message in flight again, and history shows it", () =>
    Effect.gen(function* () {
      const harness = yield* make()
      const channels = yield* harness.channels("ops", { match: {} })
      harness.slackGate.hold()
      harness.hipChatGate.hold()
      yield* postTrigger(harness)
      yield* until("both attempts", () => harness.slackGate.held() + harness.hipChatGate.held() === 2)
      yield* harness.gateway().stop("SIGKILL")
      harness.slackGate.open()
      harness.hipChatGate.open()
      yield* harness.start
      yield* channels.received(2)
      const { items } = (yield* harness.request("GET", "/v1/deliveries")).as(listOf(Delivery))
      const raises = items.filter(({ text }) => text?.includes("checkout-eu"))
      assert.lengthOf(raises, 2)
      for (const { attempts, transitions } of raises) {
        assert.strictEqual(attempts, 2)
        assert.deepStrictEqual(
          transitions.map(({ status }) => status),
          ["pending", "sending", "retrying", "sending", "delivered"]
        )
        assert.include(transitions[2]?.cause, "may be duplicated")
      }
    })
  )

  it.live("sends a raise that was pending and its clear as one message", () =>
    Effect.gen(function* () {
      const harness = yield* make()
      const channels = yield* harness.channels("ops", { match: {}, notifyOnClear: false })
      harness.slackGate.hold()
      harness.hipChatGate.hold()
      yield* postTrigger(harness)
      yield* harness.request("POST", "/v1/sources/thousandeyes", yield* fixture("trigger-cleared"))
      yield* harness.gateway().stop("SIGKILL")
      yield* harness.start
      harness.slackGate.open("drop")
      harness.hipChatGate.open("drop")
      const [received] = yield* channels.received(1)
      assert.include(received?.slack.shown, "Raised and cleared: HTTP errors on checkout-eu")
      assert.include(received?.hipChat.shown, "Raised and cleared: HTTP errors on checkout-eu")
    })
  )

  it.live("loses nothing at random moments of a flood, and duplicates only messages in flight", () =>
    Effect.gen(function* () {
      const kills = inject("breadth") === "all" ? 10 : 2
      let killed = 0
      let posted = 0
      let answers = 0
      const harness = yield* make()
      const channels = yield* harness.channels("ops", { match: { source: "flood" } })
      // So slow that it speaks in digests.
      const slow = {
        id: "slow",
        name: "slow",
        type: "slack",
        limits: { messages: 1, perSeconds: 5, burst: 1 },
        settings: { url: `${harness.slackUrl}/services/T0/B0/slow` }
      }
      assert.strictEqual((yield* harness.request("POST", "/v1/integrations", slow)).status, 201)
      const rule = { ...channels.rule, integrations: [...Object.values(channels.integrations), "slow"] }
      assert.strictEqual((yield* harness.request("PUT", "/v1/rules/ops", rule)).status, 200)

      /** As a sender does: the same event again until it is taken. */
      const post = (n: number, state: "raised" | "cleared") =>
        harness
          .request("POST", "/v1/alerts", {
            source: "flood",
            id: `a${n}.`,
            eventId: `${state}-${n}`,
            state,
            startedAt: "2026-01-01T00:00:00Z",
            rule: { name: "Flood" }
          })
          .pipe(
            Effect.filterOrFail(({ status }) => status !== 503),
            Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 15_000 }),
            Effect.tap(({ status, text }) =>
              Effect.sync(() => {
                assert.strictEqual(status, 202, text)
                answers++
              })
            )
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

      const moments = yield* Effect.all(Array.from({ length: kills }, () => Random.nextIntBetween(1, 60))).pipe(
        Random.withSeed(seed)
      )
      for (const more of moments) {
        // By turns in the midst of events that come and of messages that go.
        if (killed % 2 === 0) {
          const enough = answers + more
          yield* until("events", () => answers >= enough)
        } else {
          yield* arrivals(harness.slackGate, more)
        }
        yield* harness.gateway().stop("SIGKILL")
        yield* harness.start
        killed++
      }
      yield* Fiber.join(flood)
      const widened = { ...slow, limits: fast }
      assert.strictEqual((yield* harness.request("PUT", "/v1/integrations/slow", widened)).status, 200)
      yield* eventually(
        "the end of all deliveries",
        Effect.map(harness.request("GET", "/v1/deliveries?status=open"), ({ as }) => as(listOf(Delivery)).total),
        (total) => total === 0
      )

      assert.strictEqual(yield* harness.gateway().stop("SIGTERM"), 0)
      const left = readLeft(harness.database)
      assert.strictEqual(left.integrity, "ok")

      for (const [integration, shown] of [
        ["ops-slack", shownAt(harness, "/services/T0/B0/ops")],
        ["ops-hipchat", harness.hipChat.messages.map(({ payload }) => showHipChat(payload))]
      ] as const) {
        const received = wordsByAlert(shown)
        assert.strictEqual(received.size, posted)
        for (const [alert, words] of received) {
          const said = `${integration}, ${alert}: ${words.join(", ")}`
          assert.match(words[0] ?? "", /^Raised/, said)
          const end = words.findIndex((word) => /cleared$/i.test(word))
          assert.isAtLeast(end, 0, said)
          assert.notInclude(words.slice(end), "Raised", said)
          const repeats = words.length - (words.includes("Cleared") ? 2 : 1)
          assert.isAtMost(repeats, left.perhapsTwice.get(`${integration} ${alert}`) ?? 0, said)
        }
      }
      const inDigests = shownAt(harness, "/services/T0/B0/slow").map(alertsIn)
      assert.isAbove(Math.max(...inDigests), 1)
      const said = inDigests.reduce((sum, count) => sum + count, 0)
      const inDoubt = [...left.perhapsTwice].reduce((sum, [at, count]) => sum + (at.startsWith("slow ") ? count : 0), 0)
      assert.strictEqual(left.sentSlowly.alerts, posted)
      assert.isAtLeast(said, left.sentSlowly.deliveries)
      assert.isAtMost(said, left.sentSlowly.deliveries + inDoubt)
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

/** What the last gateway left in its file: whether it is sound, and what history says. */
const readLeft = (file: string) => {
  const database = new DatabaseSync(file)
  try {
    const read = <A>(row: Schema.Codec<A, any>, sql: string) =>
      Schema.decodeUnknownSync(Schema.Array(row))(database.prepare(sql).all())
    const [integrity] = read(Schema.Struct({ integrity_check: Schema.String }), "PRAGMA integrity_check")
    const doubts = read(
      Schema.Struct({ integration: Schema.String, alert: Schema.String, times: Schema.Number }),
      `SELECT d.integration_id AS integration, rtrim(a.source_id, '.') AS alert, count(*) AS times
        FROM deliveries d JOIN alerts a ON a.id = d.alert_id JOIN json_each(d.history) step
        WHERE step.value->>2 LIKE '%may be duplicated' GROUP BY 1, 2`
    )
    const [sentSlowly = { alerts: 0, deliveries: 0 }] = read(
      Schema.Struct({ alerts: Schema.Number, deliveries: Schema.Number }),
      `SELECT count(DISTINCT alert_id) AS alerts, count(alert_id) AS deliveries FROM deliveries
        WHERE integration_id = 'slow' AND status = 'delivered'`
    )
    return {
      integrity: integrity?.integrity_check,
      /** How often which integration was perhaps told of an alert twice. */
      perhapsTwice: new Map(doubts.map(({ alert, integration, times }) => [`${integration} ${alert}`, times])),
      sentSlowly
    }
  } finally {
    database.close()
  }
}

/** What a Slack channel shows. */
const shownAt = ({ slack }: Harness, path: string): ReadonlyArray<string> =>
  slack.messages.filter(({ url }) => url === path).map(({ payload }) => showSlack(payload))
