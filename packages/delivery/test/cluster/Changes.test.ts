import { describe, it } from "@effect/vitest"
import { Changes, Edits } from "@tocsin/delivery"
import { Context, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { engine, integration, rule } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { newFile } from "../harness/store.ts"

describe("Changes on one PostgreSQL", () => {
  it.effect("reach the watchers of every gateway", () =>
    Effect.gen(function* () {
      const file = newFile()
      const here = yield* Layer.build(engine(new Script(), { file }))
      const there = yield* Layer.build(engine(new Script(), { file }))
      const changes = Context.get(there, Changes)
      const seen = new Set<string>()
      let position = yield* changes.position
      yield* Effect.forkChild(
        Effect.forever(
          Effect.gen(function* () {
            const found = yield* changes.after(position)
            position = found?.position ?? (yield* changes.position)
            found?.items.forEach(({ id = "*", kind }) => seen.add(`${kind} ${id}`))
          })
        )
      )
      const edits = Context.get(here, Edits)
      yield* edits.saveIntegration(integration("ops"), "absent")
      yield* edits.saveRule(rule("all"), "absent")
      // The other connection listens by real time; what it hears is told by the test's.
      yield* Effect.repeat(
        Effect.andThen(
          TestClock.adjust("1 second"),
          Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 20)))
        ),
        { until: () => seen.has("integration ops") && seen.has("rule all") }
      )
    }).pipe(Effect.scoped)
  )
})
