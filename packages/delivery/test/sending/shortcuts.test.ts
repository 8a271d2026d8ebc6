import { assert, describe, it } from "@effect/vitest"
import { GroupCommit } from "@tocsin/delivery"
import { Deferred, Effect, Layer } from "effect"
import { Statement } from "effect/sql"
import { Shortcuts } from "../../src/domain/Shortcuts.ts"
import {
  clear,
  deliveries,
  engine,
  type Fixture,
  integration,
  pass,
  raise,
  removeIntegration,
  rule,
  save,
  settle,
  tick
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { passOn } from "../harness/idle.ts"

/** Statements that read an alert, a conversation or a delivery. */
const reads = /FROM alerts WHERE id IN|JOIN conversations c\s+LEFT|FROM deliveries WHERE id IN|JOIN deliveries asked/

/** What follows from what happens while the raise of an alert is being sent. */
const whileSending = (takesShortcuts: boolean, happens: Effect.Effect<unknown, unknown, Fixture>) => {
  const script = new Script()
  return Effect.gen(function* () {
    const gate = yield* Deferred.make<void>()
    script.next("ops", { gate })
    yield* save(integration("ops"), rule("all"))
    yield* tick
    yield* raise("a")
    yield* settle
    assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
    yield* happens
    yield* settle
    yield* Deferred.succeed(gate, undefined)
    yield* pass("1 minute")
    return (yield* deliveries).map(
      ({ attempts, kind, status, transitions }) =>
        `${kind} ${status} after ${attempts}: ${transitions.map(({ status }) => status).join(" > ")}`
    )
  }).pipe(Effect.provide(Layer.provide(engine(script), Layer.succeed(Shortcuts, takesShortcuts))))
}

const raised = "Raised delivered after 1: pending > sending > delivered"

const cases: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown, Fixture>, ReadonlyArray<string>]> = [
  ["nothing happens", Effect.void, [raised]],
  [
    "the alert becomes more severe",
    raise("a", { severity: "critical" }),
    [raised, "Escalated delivered after 1: pending > sending > delivered"]
  ],
  ["the alert clears", clear("a"), [raised, "Cleared delivered after 1: pending > sending > delivered"]],
  [
    "the rule no longer matches",
    save(rule("all", { match: { source: "other" } })),
    [raised, "Cleared delivered after 1: pending > sending > delivered"]
  ],
  [
    "the rule is disabled and enabled again",
    Effect.andThen(save(rule("all", { enabled: false })), save(rule("all"))),
    [raised]
  ],
  [
    "the destination changes",
    save(integration("ops", { settings: { channel: "other" } })),
    ["Raised delivered after 1: pending > sending > delivered"]
  ],
  [
    "the integration is removed",
    removeIntegration("ops"),
    ["Raised superseded after 1: pending > sending > superseded"]
  ]
]

describe("While a message is being sent", () => {
  it.effect.each(cases)("%s: the same follows with and without shortcuts", ([, happens, expected]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* whileSending(true, happens), expected)
      assert.deepStrictEqual(yield* whileSending(false, happens), expected)
    })
  )
})

describe("The outcome of an attempt", () => {
  it.effect("is recorded without reading the alert, the conversation or the delivery again", () => {
    const script = new Script()
    const statements: Array<string> = []
    const recorded = Layer.succeed(Statement.CurrentTransformer, (statement) => {
      statements.push(statement.compile()[0])
      return Effect.succeed(statement)
    })
    return Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      script.next("ops", { gate })
      yield* save(integration("ops"), rule("all"))
      yield* raise("a")
      yield* settle
      statements.length = 0
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.isTrue(statements.some((text) => text.startsWith("UPDATE conversations")))
      assert.deepStrictEqual(
        statements.filter((text) => reads.test(text)),
        []
      )
    }).pipe(Effect.provide(Layer.provide(engine(script), recorded)))
  })
})

/** The messages about an alert, after something happens while its raise waits for the rate limit. */
const whileWaiting = (takesShortcuts: boolean, happens: Effect.Effect<unknown, unknown, Fixture>) => {
  const script = new Script()
  return Effect.gen(function* () {
    yield* save(integration("ops", { limits: { messages: 6, perSeconds: 60, burst: 1 } }), rule("all"))
    yield* tick
    yield* raise("first")
    yield* raise("a", { summary: "as raised" })
    yield* settle
    assert.lengthOf(script.to("ops"), 1)
    yield* happens
    yield* pass("2 minutes")
    return script
      .to("ops")
      .flatMap(({ notification }) =>
        "alert" in notification && notification.alert.sourceId === "a"
          ? [`${notification._tag} ${notification.alert.severity}: ${notification.alert.summary}`]
          : []
      )
  }).pipe(Effect.provide(Layer.provide(engine(script), Layer.succeed(Shortcuts, takesShortcuts))))
}

const changes: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown, Fixture>, ReadonlyArray<string>]> = [
  ["nothing happens", Effect.void, ["Raised major: as raised"]],
  ["its text changes", raise("a", { summary: "as updated" }), ["Raised major: as updated"]],
  [
    "it becomes more severe",
    raise("a", { summary: "as raised", severity: "critical" }),
    ["Raised critical: as raised"]
  ],
  ["it clears", clear("a"), ["RaisedAndCleared major: as raised"]],
  ["the rule no longer matches", save(rule("all", { match: { source: "other" } })), []],
  ["the integration is edited", save(integration("ops", { name: "renamed" })), ["Raised major: as raised"]]
]

describe("While a raise waits", () => {
  it.effect.each(changes)("%s: the same is sent with and without shortcuts", ([, happens, expected]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* whileWaiting(false, happens), expected)
      assert.deepStrictEqual(yield* whileWaiting(true, happens), expected)
    })
  )
})

/** What became of the deliveries, in the order of their creation. */
const histories = Effect.map(deliveries, (all) =>
  all.map(({ transitions }) => transitions.map(({ status }) => status).join(" > "))
)

/** The steps of the claims: none if the delivery was claimed in the transaction that created it. */
const claims = (statements: ReadonlyArray<string>) =>
  statements.filter((text) => /^UPDATE deliveries SET [^]*taken_under = given/.test(text))

const onEngine = (test: (script: Script, statements: Array<string>) => Effect.Effect<void, unknown, Fixture>) => () => {
  const script = new Script()
  const statements: Array<string> = []
  const recorded = Layer.succeed(Statement.CurrentTransformer, (statement) => {
    statements.push(statement.compile()[0])
    return Effect.succeed(statement)
  })
  return test(script, statements).pipe(Effect.provide(Layer.provide(engine(script), recorded)))
}

describe("A raise at a lane with nothing else to do", () => {
  it.effect(
    "is claimed in the transaction that accepts it, with each step in its history",
    onEngine((script, statements) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* tick
        statements.length = 0
        yield* raise("a")
        yield* settle
        assert.deepStrictEqual(yield* histories, ["pending > sending > delivered"])
        assert.deepStrictEqual(claims(statements), [])
        assert.strictEqual((yield* deliveries)[0]?.transitions[1]?.attempt, 1)
        assert.strictEqual(script.to("ops")[0]?.notification._tag, "Raised")
      })
    )
  )

  it.effect(
    "takes few statements: none reads the edits, and each transaction reads the version of the settings once",
    onEngine((_, statements) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* raise("before")
        yield* tick
        statements.length = 0
        yield* raise("a")
        yield* settle
        const reading = (table: string) => statements.filter((text) => text.includes(`FROM ${table}`)).length
        assert.strictEqual(reading("settings_version"), 2)
        assert.strictEqual(reading("edits"), 0)
        // Nor do they go on unnoticed after an edit.
        yield* save(rule("all", { name: "edited" }))
        statements.length = 0
        yield* raise("b")
        assert.isAtLeast(reading("edits"), 1)
      })
    )
  )

  it.effect(
    "is claimed by the lane while others wait for the rate limit",
    onEngine((script, statements) =>
      Effect.gen(function* () {
        yield* save(integration("ops", { limits: { messages: 60, perSeconds: 60, burst: 1 } }), rule("all"))
        yield* tick
        yield* raise("a")
        yield* raise("b")
        yield* settle
        assert.lengthOf(script.to("ops"), 1)
        statements.length = 0
        yield* pass("1 second")
        assert.lengthOf(script.to("ops"), 2)
        assert.lengthOf(claims(statements), 1)
        // As it was accepted here.
        assert.deepStrictEqual(
          statements.filter((text) => reads.test(text)),
          []
        )
      })
    )
  )

  it.effect(
    "is sent once, although another write of its transaction fails, and takes one permit",
    onEngine((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops", { limits: { messages: 2, perSeconds: 60, burst: 2 } }), rule("all"))
        yield* pass("2 minutes")
        const { commit } = yield* GroupCommit
        const gate = yield* Deferred.make<void>()
        // While it runs, the others come together.
        yield* Effect.forkChild(commit(Deferred.await(gate)))
        yield* passOn
        yield* Effect.forkChild(raise("a"))
        yield* Effect.forkChild(Effect.exit(commit(Effect.die(new Error("a bug of another write")))))
        yield* passOn
        yield* Deferred.succeed(gate, undefined)
        yield* settle
        assert.deepStrictEqual(yield* histories, ["pending > sending > delivered"])
        yield* raise("b")
        yield* settle
        assert.lengthOf(script.to("ops"), 2)
      })
    )
  )

  it.effect(
    "follows the lane's order again once those that waited are sent",
    onEngine((script, statements) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        script.next("ops", ...Array.from({ length: 64 }, () => ({ gate })))
        yield* save(integration("ops"), rule("all"))
        yield* tick
        for (let n = 0; n < 70; n++) yield* raise(`a${n}`)
        yield* settle
        assert.lengthOf(script.to("ops"), 64)
        yield* Deferred.succeed(gate, undefined)
        yield* settle
        assert.lengthOf(script.to("ops"), 70)
        statements.length = 0
        yield* raise("last")
        yield* settle
        assert.deepStrictEqual(claims(statements), [])
        assert.deepStrictEqual(new Set(yield* histories), new Set(["pending > sending > delivered"]))
      })
    )
  )
})
