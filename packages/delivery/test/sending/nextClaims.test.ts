import { assert, describe, it } from "@effect/vitest"
import { GroupCommit } from "@tocsin/delivery"
import { Deferred, Effect, Layer } from "effect"
import { SqlClient, Statement } from "effect/sql"
import { Shortcuts } from "../../src/domain/Shortcuts.ts"
import { alertKey } from "../../src/sql/locks.ts"
import { Transaction } from "../../src/sql/transactionEnd.ts"
import {
  accept,
  deliveries,
  engine,
  event,
  integration,
  outcomes,
  pass,
  raise,
  removeRule,
  rule,
  save,
  settle,
  tick
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { passOn } from "../harness/idle.ts"
import { isPostgres } from "../harness/store.ts"
import { whileTimePasses } from "../harness/writers.ts"

/** A statement, and the transaction that it ran in. */
interface Ran {
  readonly text: string
  readonly transaction: unknown
}

/** A lane with 64 attempts in flight, and six raises that wait for it. */
const full = Effect.fnUntraced(function* (script: Script, ...rules: ReadonlyArray<ReturnType<typeof rule>>) {
  const gate = yield* Deferred.make<void>()
  script.next("ops", ...Array.from({ length: 64 }, () => ({ gate })))
  yield* save(integration("ops"), ...(rules.length === 0 ? [rule("all")] : rules))
  yield* tick
  for (let n = 0; n < 70; n++) yield* raise(`a${n}`, { labels: { is: "lasting" } })
  yield* settle
  assert.lengthOf(script.to("ops"), 64)
  return gate
})

/** Notes each statement. */
const watching = (ran: Array<Ran>) =>
  Layer.succeed(Statement.CurrentTransformer, (statement, _, fiber) => {
    ran.push({ text: statement.compile()[0], transaction: fiber.getRef(Transaction) })
    return Effect.succeed(statement)
  })

const steps = Effect.map(deliveries, (all) => [
  ...new Set(all.map(({ transitions }) => transitions.map(({ status }) => status).join(" > ")))
])

/** The transactions that ran a statement. */
const of = (ran: ReadonlyArray<Ran>, statement: RegExp) =>
  new Set(ran.flatMap(({ text, transaction }) => (statement.test(text) ? [transaction] : [])))

const claimed = /^UPDATE deliveries SET [^]*taken_under = given/
const looked = /^\s*SELECT id, sequence, kind/
const recorded = /^UPDATE conversations SET/

describe("What follows the ends of attempts", () => {
  it.effect.each([true, false])("is claimed in their transaction, where that is possible (shortcuts: %s)", (takes) => {
    const script = new Script()
    const ran: Array<Ran> = []
    return Effect.gen(function* () {
      const gate = yield* full(script)
      ran.length = 0
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.lengthOf(script.to("ops"), 70)
      assert.deepStrictEqual(yield* steps, ["pending > sending > delivered"])
      const claims = of(ran, claimed)
      assert.isAbove(claims.size, 0)
      const isFused = [...claims].every((transaction) => of(ran, recorded).has(transaction))
      assert.strictEqual(isFused, takes)
      // Memory knows all that waits.
      const hasLooked = [...claims].some((transaction) => of(ran, looked).has(transaction))
      assert.isFalse(isFused && hasLooked)
    }).pipe(Effect.provide(Layer.provide(engine(script), [watching(ran), Layer.succeed(Shortcuts, takes)])))
  })

  it.effect("is claimed without being read, also if it came with hundreds of others", () => {
    const script = new Script()
    const ran: Array<string> = []
    const recording = Layer.succeed(Statement.CurrentTransformer, (statement) => {
      ran.push(statement.compile()[0])
      return Effect.succeed(statement)
    })
    return Effect.gen(function* () {
      yield* save(integration("ops"), rule("all"))
      yield* tick
      ran.length = 0
      yield* accept(...Array.from({ length: 300 }, (_, n) => event(`a${n}`)))
      yield* settle
      assert.lengthOf(script.to("ops"), 300)
      assert.deepStrictEqual(
        ran.filter((text) => /FROM deliveries WHERE id IN|JOIN deliveries asked/.test(text)),
        []
      )
    }).pipe(Effect.provide(Layer.provide(engine(script), recording)))
  })

  it.effect("is known from memory, although others that waited have ended", () => {
    const script = new Script()
    const ran: Array<Ran> = []
    return Effect.gen(function* () {
      const lasting = rule("lasting", { match: { labels: { is: "lasting" } } })
      const brief = rule("brief", { match: { labels: { is: "brief" } } })
      const gate = yield* full(script, lasting, brief)
      yield* raise("b", { labels: { is: "brief" } })
      yield* removeRule("brief")
      yield* settle
      assert.include(yield* outcomes, "Raised superseded: by the edit")
      ran.length = 0
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.lengthOf(script.to("ops"), 70)
      const claims = of(ran, claimed)
      assert.isAbove(claims.size, 0)
      const hasLooked = [...claims].some((transaction) => of(ran, looked).has(transaction))
      assert.isFalse(hasLooked)
    }).pipe(Effect.provide(Layer.provide(engine(script), watching(ran))))
  })

  it.effect("is sent once, although another write of the transaction fails", () => {
    const script = new Script()
    return Effect.gen(function* () {
      const gate = yield* full(script)
      const { commit } = yield* GroupCommit
      const blocked = yield* Deferred.make<void>()
      // While it runs, the others come together.
      yield* Effect.forkChild(commit(Deferred.await(blocked)))
      yield* passOn
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.forkChild(Effect.exit(commit(Effect.die(new Error("a bug of another write")))))
      yield* passOn
      yield* Deferred.succeed(blocked, undefined)
      yield* settle
      assert.lengthOf(script.to("ops"), 70)
      assert.deepStrictEqual(yield* steps, ["pending > sending > delivered"])
      // The slots are free again.
      script.next("ops", ...Array.from({ length: 64 }, () => ({ gate })))
      for (let n = 0; n < 64; n++) yield* raise(`b${n}`)
      yield* settle
      assert.lengthOf(script.to("ops"), 134)
    }).pipe(Effect.provide(engine(script)))
  })

  it.effect("waits for the lane where something comes first that memory does not know", () => {
    const script = new Script()
    const ran: Array<Ran> = []
    return Effect.gen(function* () {
      const gate = yield* full(script)
      const sql = yield* SqlClient.SqlClient
      // As if the first one that waits had been accepted elsewhere, and the last one ended there.
      yield* sql`UPDATE deliveries SET id = 'unknown' WHERE alert_id = (SELECT id FROM alerts WHERE source_id = 'a64')`
      yield* sql`DELETE FROM deliveries WHERE alert_id = (SELECT id FROM alerts WHERE source_id = 'a69')`
      ran.length = 0
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.lengthOf(script.to("ops"), 69)
      assert.deepStrictEqual(yield* steps, ["pending > sending > delivered"])
      const [first] = of(ran, claimed)
      assert.isFalse(of(ran, recorded).has(first))
    }).pipe(Effect.provide(Layer.provide(engine(script), watching(ran))))
  })

  // On SQLite one transaction runs at a time.
  if (isPostgres) {
    it.effect("does not wait for an alert that another transaction writes", () => {
      const script = new Script()
      return Effect.gen(function* () {
        const gate = yield* full(script)
        const { commit } = yield* GroupCommit
        const blocked = yield* Deferred.make<void>()
        const begun = yield* Deferred.make<void>()
        const other = Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(blocked))
        yield* Effect.forkChild(commit(other, [alertKey("monitor", "a65")]))
        yield* Deferred.await(begun)
        yield* Deferred.succeed(gate, undefined)
        yield* whileTimePasses(Effect.repeat(Effect.yieldNow, { until: () => script.to("ops").length >= 69 }))
        const sent = script.to("ops").map(({ notification }) => "alert" in notification && notification.alert.sourceId)
        assert.notInclude(sent, "a65")
        yield* Deferred.succeed(blocked, undefined)
        yield* settle
        assert.lengthOf(script.to("ops"), 70)
        assert.deepStrictEqual(yield* steps, ["pending > sending > delivered"])
      }).pipe(Effect.provide(engine(script)))
    })
  }

  it.effect("is the current message, where the alert has changed meanwhile", () => {
    const script = new Script()
    return Effect.gen(function* () {
      const gate = yield* full(script)
      yield* raise("a65", { summary: "as updated" })
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      const summaries = script
        .to("ops")
        .flatMap(({ notification }) => ("alert" in notification ? [notification.alert.summary] : []))
      assert.lengthOf(summaries, 70)
      assert.lengthOf(
        summaries.filter((summary) => summary === "as updated"),
        1
      )
    }).pipe(Effect.provide(engine(script)))
  })

  it.effect("waits for the rate limit", () => {
    const script = new Script()
    return Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      script.next("ops", { gate }, { gate })
      yield* save(integration("ops", { limits: { messages: 60, perSeconds: 60, burst: 2 } }), rule("all"))
      yield* pass("1 minute")
      for (const id of ["a", "b", "c", "d"]) yield* raise(id)
      yield* settle
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.lengthOf(script.to("ops"), 2)
      yield* pass("1 second")
      assert.lengthOf(script.to("ops"), 3)
      yield* pass("1 second")
      assert.lengthOf(script.to("ops"), 4)
    }).pipe(Effect.provide(engine(script)))
  })
})
