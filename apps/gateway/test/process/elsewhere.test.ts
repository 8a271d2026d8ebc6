import { assert, describe, it } from "@effect/vitest"
import { Integration, TestSend } from "@tocsin/client"
import { Effect, Fiber, Schema } from "effect"
import { type Cluster, makeInProcess } from "../harness/cluster.ts"
import { eventually, until } from "../harness/gate.ts"

const read = <A, I>(schema: Schema.Codec<A, I>, text: string) =>
  Schema.decodeUnknownSync(Schema.fromJsonString(Schema.toCodecJson(schema)))(text)

const query = ({ postgres }: Cluster, text: string, ...values: ReadonlyArray<unknown>) =>
  Effect.promise(async (): Promise<ReadonlyArray<{ readonly pid: number }>> => {
    const client = postgres.server.getPgClient()
    await client.connect()
    const { rows } = await client.query(text, values)
    await client.end()
    return rows
  })

const isLock = "locktype = 'advisory' AND objsubid = 2 AND granted"

/** Waits until each of two gateways serves its half. */
const divided = (cluster: Cluster) =>
  eventually(
    "two halves",
    query(cluster, `SELECT pid FROM pg_locks WHERE ${isLock} AND objid < 128 GROUP BY pid HAVING count(*) = 64`),
    ({ length }) => length === 2
  )

/** Which session serves the integration's lane. */
const servedBy = (cluster: Cluster, integration: string) =>
  Effect.map(
    query(
      cluster,
      `SELECT pid FROM integrations i JOIN pg_locks ON objid = i.partition WHERE ${isLock} AND i.id = $1`,
      integration
    ),
    ([row]) => row?.pid
  )

/** Which part of the lanes the integration belongs to. */
const partOf = (cluster: Cluster, integration: string) =>
  Effect.map(
    query(cluster, "SELECT partition AS pid FROM integrations WHERE id = $1", integration),
    ([row]) => row?.pid ?? -1
  )

/** Gives the integration other hooks until it is as wished. */
const rehook = Effect.fnUntraced(function* (cluster: Cluster, integration: string, isDone: Effect.Effect<boolean>) {
  const { status, text } = yield* cluster.request(0, "GET", `/v1/integrations/${integration}`)
  assert.strictEqual(status, 200, text)
  const { enabled: _, ...shown } = JSON.parse(text)
  for (let hook = 0; !(yield* isDone); hook++) {
    const url = `${cluster.slackUrl}/services/T0/B0/${integration}-${hook}`
    const put = yield* cluster.request(hook % cluster.gateways.length, "PUT", `/v1/integrations/${integration}`, {
      ...shown,
      settings: { url }
    })
    assert.strictEqual(put.status, 200, put.text)
  }
})

describe("An integration that another gateway owns", () => {
  it.live("records the outcome of a message that was in flight when its lane moved (M2)", () =>
    Effect.gen(function* () {
      const cluster = yield* makeInProcess(2)
      yield* divided(cluster)
      yield* cluster.channel("a")
      cluster.slackGate.hold()
      yield* cluster.send("before", "a")
      yield* until("the message", () => cluster.slackGate.held() === 1)
      const before = yield* servedBy(cluster, "a")
      yield* rehook(
        cluster,
        "a",
        Effect.map(servedBy(cluster, "a"), (now) => now !== before)
      )
      cluster.slackGate.open()
      yield* cluster.send("before", "a", "cleared")
      yield* cluster.send("after", "a")
      yield* cluster.settled(1)
      const received = cluster.received()
      assert.deepStrictEqual(received.get("before"), ["Raised", "Cleared"])
      assert.deepStrictEqual(received.get("after"), ["Raised"])
    })
  )

  it.live("does not delay the lane that moved away from it", () =>
    Effect.gen(function* () {
      const cluster = yield* makeInProcess(1)
      yield* cluster.channel("a")
      // The second gateway takes the upper half.
      const part = partOf(cluster, "a")
      yield* rehook(
        cluster,
        "a",
        Effect.map(part, (now) => now >= 64)
      )
      yield* cluster.send("one", "a")
      yield* cluster.settled(0)
      yield* rehook(
        cluster,
        "a",
        Effect.map(part, (now) => now < 64)
      )
      yield* cluster.join()
      yield* divided(cluster)
      yield* cluster.send("two", "a")
      yield* cluster.settled(1)
      assert.deepStrictEqual(cluster.received().get("two"), ["Raised"])
    })
  )

  it.live("is shown by each gateway with its pause", () =>
    Effect.gen(function* () {
      const cluster = yield* makeInProcess(2)
      yield* cluster.channel("a")
      cluster.slack.behaviour = "limited"
      yield* cluster.send("one", "a")
      const shown = yield* Effect.forEach([0, 1], (gateway) =>
        eventually(
          "what it waits for",
          Effect.map(cluster.request(gateway, "GET", "/v1/integrations/a"), ({ text }) => read(Integration, text)),
          ({ state }) => state === "waiting"
        )
      )
      assert.strictEqual(shown[0]?.waiting?.because, "limited")
      assert.deepStrictEqual(shown[1]?.waiting, shown[0]?.waiting)
      for (const gateway of [0, 1]) {
        const { text } = yield* cluster.request(gateway, "GET", "/v1/integrations?state=waiting")
        assert.strictEqual(JSON.parse(text).total, 1)
      }
    })
  )

  it.live("shares its rate limit with test sends at any gateway (B1, D6)", () =>
    Effect.gen(function* () {
      const cluster = yield* makeInProcess(2)
      const limits = { messages: 5, perSeconds: 1, burst: 1 }
      yield* cluster.channel("a", { limits })
      for (let alert = 0; alert < 5; alert++) yield* cluster.send(`alert${alert}`, "a")
      const tests = yield* Effect.forkChild(
        Effect.forEach([0, 1, 0, 1], (gateway) => cluster.request(gateway, "POST", "/v1/integrations/a/test", {}), {
          concurrency: "unbounded"
        })
      )
      for (const { text } of yield* Fiber.join(tests)) {
        assert.deepStrictEqual(
          read(TestSend, text).items.map(({ status }) => status),
          ["delivered", "delivered"],
          text
        )
      }
      yield* cluster.settled(0)
      cluster.keepsTo(limits, "a")
    })
  )

  it.live("is created as working by one gateway after a test of its settings by the other (D6)", () =>
    Effect.gen(function* () {
      const cluster = yield* makeInProcess(2)
      const settings = { url: `${cluster.slackUrl}/services/T0/B0/new` }
      const unsaved = { name: "New", type: "slack", settings }
      const { tested } = read(TestSend, (yield* cluster.request(0, "POST", "/v1/integrations/test", unsaved)).text)
      for (const gateway of [1, 0]) {
        const made = yield* cluster.request(gateway, "POST", "/v1/integrations", { ...unsaved, tested })
        assert.strictEqual(made.status, 201, made.text)
        assert.isDefined(read(Integration, made.text).lastSuccessAt)
      }
    })
  )
})
