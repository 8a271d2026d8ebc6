import { assert } from "@effect/vitest"
import { Arbitrary, Effect } from "effect"
import type { Notification } from "../Notification.ts"
import { notification as generated } from "./generated.ts"
import type { Common } from "./options.ts"

/**
 * Passes if `property` holds for 100 generated notifications. Otherwise dies with the smallest notification for which
 * it does not, and with the token that replays it.
 */
export const always = <A>(
  property: (notification: Notification) => Effect.Effect<A>,
  { replay, seed = 0 }: NonNullable<Common<never>["generate"]> = {}
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const result = yield* Arbitrary.checkEffect(
      generated,
      (one) => property(one).pipe(Effect.catchDefect(Effect.fail), Effect.as(true)),
      { runs: 100, size: 20, seed, ...(replay && { replay }) }
    )
    assert.strictEqual(Arbitrary.formatCheckFailure(result), undefined)
  })
