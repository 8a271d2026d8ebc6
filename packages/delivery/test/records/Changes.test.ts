import { assert, describe, it } from "@effect/vitest"
import { Changes, GroupCommit } from "@tocsin/delivery"
import { Clock, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { inject } from "vitest"
import {
  clear,
  integration,
  pass,
  raise,
  removeIntegration,
  rule,
  save,
  settle,
  tick,
  fixture
} from "../harness/engine.ts"

/** On PostgreSQL anything may have changed before a gateway listens to the others: the first batch says so. */
const listening =
  inject("postgres") !== undefined
    ? Changes.use((changes) =>
        Effect.flatMap(changes.position, (position) => Effect.andThen(changes.after(position), pass("250 millis")))
      )
    : Effect.void

/** Lets time pass until something is so: before each batch PostgreSQL has to answer, which takes real time. */
const passUntil = (isSo: () => boolean): ReturnType<typeof pass> =>
  Effect.suspend(() => (isSo() ? Effect.void : Effect.andThen(pass("250 millis"), passUntil(isSo))))

/** The changes after a position, while time passes: a batch waits for the one before, which PostgreSQL may still hold. */
const changesAfter = Effect.fnUntraced(function* (position: string) {
  const { after } = yield* Changes
  const fiber = yield* Effect.forkChild(after(position))
  yield* passUntil(() => fiber.pollUnsafe() !== undefined)
  return yield* Fiber.join(fiber)
})

/** What comes in after the present position, each batch with its time, until it is interrupted. */
const watch = Effect.gen(function* () {
  const changes = yield* Changes
  const batches: Array<{ readonly at: number; readonly items: ReadonlyArray<string> }> = []
  let position = yield* changes.position
  const fiber = yield* Effect.forkChild(
    Effect.forever(
      Effect.gen(function* () {
        const found = yield* changes.after(position)
        if (found === undefined) return yield* Effect.die("Changes were missed")
        position = found.position
        batches.push({
          at: yield* Clock.currentTimeMillis,
          items: found.items.map(({ id = "*", kind }) => `${kind} ${id}`)
        })
      })
    )
  )
  yield* settle
  return { batches, fiber, items: () => [...new Set(batches.flatMap(({ items }) => items))] }
})

describe("Changes", () => {
  it.effect(
    "name what an event, a delivery and an edit touched, after the commit",
    fixture(() =>
      Effect.gen(function* () {
        yield* listening
        const { items } = yield* watch
        yield* save(integration("ops"), rule("all"))
        yield* passUntil(() => ["integration ops", "rule all"].every((item) => items().includes(item)))
        const before = items().length
        const alert = yield* raise("a")
        const ofDeliveries = () => items().filter((item) => item.startsWith("delivery "))
        yield* passUntil(() => items().includes(`alert ${alert}`) && ofDeliveries().length > 0)
        const since = items().slice(before)
        assert.lengthOf(
          since.filter((item) => item.startsWith("delivery ")),
          1
        )
        const changes = yield* Changes
        const position = yield* changes.position
        yield* clear("a")
        yield* tick
        const after = yield* changesAfter(position)
        assert.deepInclude(after?.items ?? [], { kind: "alert", id: alert })
        yield* removeIntegration("ops")
        yield* passUntil(() => items().includes("delivery *"))
      })
    )
  )

  it.effect(
    "name an integration whose messages arrive at most once a second",
    fixture(() =>
      Effect.gen(function* () {
        yield* listening
        const { batches, items } = yield* watch
        yield* save(integration("ops"), rule("all"))
        yield* passUntil(() => ["integration ops", "rule all"].every((item) => items().includes(item)))
        yield* pass("2 seconds")
        const before = batches.length
        for (const id of ["a", "b", "c"]) {
          const alert = yield* raise(id)
          yield* passUntil(() => items().includes(`alert ${alert}`))
        }
        yield* pass("2 seconds")
        const named = batches.slice(before).filter(({ items }) => items.includes("integration ops"))
        assert.isNotEmpty(named)
        for (const [n, { at }] of named.entries()) assert.isAtLeast(at - (named[n - 1]?.at ?? -Infinity), 1000)
      })
    )
  )

  it.effect(
    "of a failed transaction are not published",
    fixture(() =>
      Effect.gen(function* () {
        yield* listening
        const { changed } = yield* Changes
        const { commit } = yield* GroupCommit
        const { items } = yield* watch
        yield* Effect.exit(commit(Effect.andThen(changed("rule", ["a"]), Effect.fail("no"))))
        yield* commit(changed("rule", ["b"]))
        yield* passUntil(() => items().length > 0)
        assert.deepStrictEqual(items(), ["rule b"])
      })
    )
  )

  it.effect(
    "are published in at most four batches a second, and beyond that by kind only",
    fixture(() =>
      Effect.gen(function* () {
        yield* listening
        const { changed } = yield* Changes
        const { batches, items } = yield* watch
        for (let n = 0; n < 1000; n++) {
          yield* changed("alert", [`a${n}`])
          yield* TestClock.adjust("10 millis")
          if (n % 25 === 24) yield* passUntil(() => n < 25 || items().includes(`alert a${n - 25}`))
        }
        yield* passUntil(() => items().length === 1000)
        for (const [n, { at }] of batches.entries()) assert.isAtLeast(at - (batches[n - 1]?.at ?? -Infinity), 250)
        yield* changed("alert", ["one more"])
        yield* changed(
          "alert",
          Array.from({ length: 1000 }, (_, n) => `b${n}`)
        )
        yield* changed("rule", ["r"])
        yield* passUntil(() => items().includes("rule r"))
        assert.deepStrictEqual(batches.at(-1)?.items, ["alert *", "rule r"])
      })
    )
  )

  it.effect(
    "are resumed from a watcher's position, unless too much has changed since or it watched another gateway",
    fixture(() =>
      Effect.gen(function* () {
        yield* listening
        const changes = yield* Changes
        const start = yield* changes.position
        assert.isUndefined(yield* changes.after("another.0"))
        assert.isUndefined(yield* changes.after(start.replace(/\d+$/, "7")))
        assert.isUndefined(yield* changes.after("nonsense"))
        // While nobody watches, too.
        yield* changes.changed("alert", ["a"])
        yield* pass("1 minute")
        const first = yield* changesAfter(start)
        assert.deepStrictEqual(first?.items, [{ kind: "alert", id: "a" }])
        assert.deepStrictEqual(yield* changes.after(start), first)
        const { batches, fiber } = yield* watch
        for (let n = 1; n <= 1300; n++) {
          yield* changes.changed("alert", ["a"])
          yield* TestClock.adjust("250 millis")
          yield* passUntil(() => batches.length >= n)
        }
        assert.isUndefined(yield* changes.after(start))
        yield* Fiber.interrupt(fiber)
      })
    )
  )
})
