import { assert } from "@effect/vitest"
import { Cause, Effect, Exit, SchemaAST } from "effect"
import { DeliveryError } from "../../DeliveryError.ts"
import type { Check } from "../options.ts"
import type { Trial } from "../trial.ts"

/** Checks `verify`. */
export const verifyChecks = ({ call, canVerify, plugin, service, verify }: Trial): ReadonlyArray<Check> => [
  {
    name: "verifies exactly if it declares it",
    run: Effect.gen(function* () {
      const { exit } = yield* call(service.accepts, ({ verify }) => Effect.succeed(verify !== undefined))
      assert.deepStrictEqual(exit, Exit.succeed(plugin.capabilities.verify === true))
      // Another form of the settings may be the one that can be verified.
      if (plugin.capabilities.verify !== true || SchemaAST.isUnion(plugin.settings.ast)) return
      assert.isTrue(yield* canVerify(), "`verify` returns undefined for the settings of the test")
    })
  },
  {
    name: "verifies nothing where there is no connection",
    run: Effect.gen(function* () {
      if (!(yield* canVerify())) return
      const { exit, printed } = yield* verify(service.isAway)
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.isTrue(error instanceof DeliveryError && error.reason._tag === "Unavailable", printed)
    })
  },
  {
    name: "posts nothing to verify, and makes one attempt",
    run: Effect.gen(function* () {
      for (const answer of [service.accepts, ...service.fails(""), ...service.otherwise("")]) {
        const { sent } = yield* verify(answer)
        for (const { postsNothing } of sent)
          assert.isTrue(postsNothing(), "`verify` sends something that may post a message")
        assert.isAtMost(sent.length, 1)
      }
    })
  }
]
