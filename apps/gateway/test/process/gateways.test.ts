import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { inject } from "vitest"
import { type Cluster, make, makeInProcess, nameIn } from "../harness/cluster.ts"
import { eventually, until } from "../harness/gate.ts"

const channels = ["a", "b", "c", "d", "e", "f", "g", "h"]

/** What makes a gateway one of a later version: its tables are more. */
const laterVersion = new URL("../../../../packages/delivery/test/harness/laterVersion.ts", import.meta.url)

/** Nothing lost and in order, but for messages of which history says that they may be duplicated: late, at most once. */
const checked = Effect.fnUntraced(function* (cluster: Cluster, gateway: number, alerts: ReadonlyArray<string>) {
  const deliveries = yield* cluster.settled(gateway)
  const received = cluster.received()
  assert.sameMembers([...received.keys()], [...alerts])
  const doubts = new Map<string, number>()
  for (const { text, transitions } of deliveries) {
    const alert = nameIn(text ?? "")
    const perhaps = transitions.filter(({ cause }) => cause?.includes("may be duplicated") === true)
    doubts.set(alert, (doubts.get(alert) ?? 0) + perhaps.length)
  }
  for (const [alert, words] of received) {
    const end = words.findIndex((word) => /cleared$/i.test(word))
    const said = `${alert}: ${words.join(", ")}`
    assert.match(words[0] ?? "", /^Raised/, said)
    assert.isAtLeast(end, 0, said)
    const needed = words[end] === "Cleared" ? 2 : 1
    assert.isAtMost(words.length - needed, doubts.get(alert) ?? 0, said)
  }
})

/** Sends raises and clears until it is told to stop; gives the names of the alerts. */
const flood = Effect.fnUntraced(function* (cluster: Cluster, name: string) {
  let isOver = false
  let sent = 0
  const alerts: Array<string> = []
  const sender = Effect.gen(function* () {
    while (!isOver) {
      const alert = `${name}${alerts.length}`
      alerts.push(alert)
      const channel = channels[alerts.length % channels.length] ?? "a"
      yield* cluster.send(alert, channel)
      yield* cluster.send(alert, channel, "cleared")
      sent++
      // Enough of a flood for two cores that also run other tests.
      yield* Effect.sleep("50 millis")
    }
  })
  const fiber = yield* Effect.forkChild(
    Effect.all(
      Array.from({ length: 6 }, () => sender),
      { concurrency: "unbounded" }
    )
  )
  return {
    alerts,
    more: (count: number) => {
      const enough = sent + count
      return until(`${count} more alerts`, () => sent >= enough)
    },
    end: Effect.suspend(() => {
      isOver = true
      return Fiber.join(fiber)
    })
  }
})

/** Lets no message be answered until the gate opens, and waits until there are some. */
const inFlight = ({ slackGate }: Cluster) =>
  Effect.suspend(() => {
    slackGate.hold()
    return until("messages in flight", () => slackGate.held() >= channels.length)
  })

describe("Several gateways on one PostgreSQL", () => {
  it.live("lose nothing and keep the order when one is killed, one is stopped and the database restarts", () =>
    Effect.gen(function* () {
      const cluster = yield* make(3)
      for (const channel of channels) yield* cluster.channel(channel)
      const { alerts, end, more } = yield* flood(cluster, "n")
      yield* more(20)

      yield* inFlight(cluster)
      yield* cluster.gateways[0]?.stop("SIGKILL") ?? Effect.void
      cluster.slackGate.open()
      yield* more(40)

      const paused = cluster.gateways[1]?.pid ?? 0
      yield* inFlight(cluster)
      process.kill(paused, "SIGSTOP")
      cluster.slackGate.open()
      // Every channel is spoken to by the one that is left.
      const seen = new Map(channels.map((channel) => [channel, cluster.messages(channel).length]))
      yield* until("every channel to be told more", () =>
        channels.every((channel) => cluster.messages(channel).length >= (seen.get(channel) ?? 0) + 5)
      )
      process.kill(paused, "SIGCONT")
      yield* more(20)

      yield* Effect.promise(() => cluster.postgres.restart())
      yield* more(20)
      yield* end
      yield* checked(cluster, 2, alerts)
      assert.strictEqual(yield* cluster.gateways[1]?.stop("SIGTERM") ?? Effect.succeed(0), 0)
      assert.strictEqual(yield* cluster.gateways[2]?.stop("SIGTERM") ?? Effect.succeed(0), 0)
    })
  )

  it.live("repeat at most a lane's 64 messages when one is killed while it records and claims", () =>
    Effect.gen(function* () {
      const cluster = yield* make(1)
      yield* cluster.channel("a")
      const alerts = Array.from({ length: 90 }, (_, n) => `k${n}`)
      cluster.slackGate.hold()
      for (const alert of alerts) yield* cluster.send(alert, "a")
      yield* until("a full lane", () => cluster.slackGate.held() === 64)
      const session = cluster.postgres.server.getPgClient()
      const query = (sql: string) =>
        Effect.promise(async (): Promise<number> => (await session.query(sql)).rowCount ?? 0)
      yield* Effect.promise(() => session.connect())
      yield* query("BEGIN")
      yield* query("SELECT id FROM deliveries WHERE status = 'pending' ORDER BY sequence LIMIT 1 FOR UPDATE")
      cluster.slackGate.open()
      yield* eventually(
        "a transaction that waits for the next delivery",
        query("SELECT 1 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"),
        (waiting) => waiting > 0
      )
      yield* cluster.gateways[0]?.stop("SIGKILL") ?? Effect.void
      yield* Effect.promise(() => session.end())
      yield* cluster.join()
      const deliveries = yield* cluster.settled(1)
      const doubts = new Set(
        deliveries.flatMap(({ text, transitions }) =>
          transitions.some(({ cause }) => cause?.includes("may be duplicated")) ? [nameIn(text ?? "")] : []
        )
      )
      assert.isAbove(doubts.size, 0)
      assert.isAtMost(doubts.size, 64)
      const received = cluster.received()
      assert.sameMembers([...received.keys()], alerts)
      for (const [alert, words] of received) assert.isAtMost(words.length, doubts.has(alert) ? 2 : 1, alert)
    })
  )

  it.live("keep one rate limit for two integrations with one webhook, and apply each edit once", () =>
    Effect.gen(function* () {
      const cluster = yield* makeInProcess(2)
      const { keepsTo, messages, request, channel, send, settled, received } = cluster
      for (const name of channels) yield* channel(name)
      const limits = { messages: 10, perSeconds: 1, burst: 2 }
      for (const name of ["one", "two"]) yield* channel(name, { hook: "shared", limits })
      for (let n = 0; n < 20; n++) yield* Effect.andThen(send(`one${n}`, "one"), send(`two${n}`, "two"))

      const { alerts, end, more } = yield* flood(cluster, "m")
      yield* send("steady", "a")
      yield* until("the steady alert to be told", () => received().has("steady"))
      for (let edit = 0; edit < 10; edit++) {
        const rule = {
          id: "a",
          name: "a",
          enabled: edit % 2 === 1,
          match: { labels: { channel: "a" } },
          integrations: ["a"],
          notifyOnClear: true
        }
        const { status, text } = yield* request(edit % 2, "PUT", "/v1/rules/a", rule)
        assert.strictEqual(status, 200, text)
        yield* until(`what edit ${edit} says`, () => received().get("steady")?.length === edit + 2)
        yield* more(5)
      }
      yield* end
      yield* settled(1)
      assert.deepStrictEqual(
        received().get("steady"),
        Array.from({ length: 11 }, (_, n) => (n % 2 === 0 ? "Raised" : "Cleared"))
      )
      assert.isAbove(alerts.length, 40)
      assert.lengthOf(messages("shared"), 40)
      keepsTo(limits, "shared")
    })
  )

  // Four gateways and a migration, for `pnpm test:all`.
  if (inject("breadth") === "all") {
    it.live("can be upgraded one by one under load, and lose nothing (M3)", () =>
      Effect.gen(function* () {
        const cluster = yield* make(2)
        const { gateways, join } = cluster
        for (const channel of channels) yield* cluster.channel(channel)
        const { alerts, end, more } = yield* flood(cluster, "u")
        yield* more(20)
        for (const old of gateways.slice()) {
          // The first one changes the tables under those that serve.
          yield* join({ first: laterVersion })
          yield* more(20)
          assert.strictEqual(yield* old.stop("SIGTERM"), 0)
          yield* more(20)
        }
        const { message } = yield* Effect.flip(join())
        assert.include(message, "The database was written by a later version of Tocsin")
        yield* end
        yield* checked(cluster, 3, alerts)
      })
    )
  }
})
