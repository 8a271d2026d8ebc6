/**
 * The permits of a claim that fails: nothing was sent, so they are free again.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Shortcuts } from "../../src/domain/Shortcuts.ts"
import {
  accept,
  engine,
  event,
  type Fixture,
  integration,
  outcomes,
  pass,
  raise,
  rule,
  save,
  settle,
  tick
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { refuse, takeAgain } from "../harness/store.ts"

/** Runs a test whose lane claims by itself, and may send so many messages a minute, and at once. */
const permitted =
  (limits: { readonly messages: number; readonly burst: number }) =>
  (test: (script: Script) => Effect.Effect<void, unknown, Fixture>) => {
    const script = new Script()
    return Effect.gen(function* () {
      yield* save(integration("ops", { settings: { channel: "ops", ...limits } }), rule("all"))
      yield* pass("1 minute")
      yield* test(script)
    }).pipe(Effect.provide(Layer.provide(engine(script), Layer.succeed(Shortcuts, false))))
  }

const raiseAll = (count: number) => accept(...Array.from({ length: count }, (_, n) => event(`a${n}`)))

/** Accepts while the store refuses to claim, and then no longer refuses. */
const whileRefused = <A, E, R>(accepting: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    yield* refuse("deliveries", "full", "NEW.status = 'sending'", "UPDATE")
    yield* accepting
    yield* settle
    yield* takeAgain("deliveries")
  })

describe("A claim that the store refuses", () => {
  it.effect.each([
    { of: "messages", limits: { messages: 3, burst: 3 }, raised: 3, sent: ["Raised", "Raised", "Raised"] },
    { of: "a digest", limits: { messages: 3, burst: 1 }, raised: 4, sent: ["Digest"] }
  ])("gives back the permits of $of", ({ limits, raised, sent }) =>
    permitted(limits)((script) =>
      Effect.gen(function* () {
        yield* whileRefused(raiseAll(raised))
        assert.deepStrictEqual(script.sent, [])
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), sent)
      })
    )
  )

  it.effect("gives back the permits of deliveries that are claimed one by one, because one cannot be read", () =>
    permitted({ messages: 4, burst: 4 })((script) =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        // The others come while the lane pauses.
        yield* whileRefused(raise("unreadable"))
        yield* raiseAll(3)
        yield* sql`UPDATE alerts SET alert = '{}' WHERE source_id = 'unreadable'`
        yield* whileRefused(tick)
        assert.strictEqual((yield* outcomes)[0], "Raised dead: it cannot be read from the store")
        assert.deepStrictEqual(script.sent, [])
        yield* raise("b")
        yield* tick
        assert.lengthOf(script.to("ops"), 4)
        yield* raise("c")
        yield* tick
        assert.lengthOf(script.to("ops"), 4)
      })
    )
  )
})
