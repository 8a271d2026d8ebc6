import { assert } from "@effect/vitest"
import { Arbitrary, Effect } from "effect"
import type { Notification } from "../Notification.ts"
import { notification as generated } from "./generated.ts"

/** Passes if `property` does for every one of 100 notifications; else dies with the smallest for which it doesn't. */
export const always = <A>(property: (notification: Notification) => Effect.Effect<A>): Effect.Effect<void> =>
  Effect.gen(function* () {
    const result = yield* Arbitrary.checkEffect(
      generated,
      (one) => property(one).pipe(Effect.catchDefect(Effect.fail), Effect.as(true)),
      { runs: 100, size: 20 }
    )
    assert.strictEqual(Arbitrary.formatCheckFailure(result), undefined)
  })
