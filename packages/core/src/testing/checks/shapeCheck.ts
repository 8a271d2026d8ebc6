import { assert } from "@effect/vitest"
import { Cause, Effect, Exit, Schema } from "effect"
import { Receipt } from "../../ChannelPlugin.ts"
import { DeliveryError } from "../../DeliveryError.ts"
import type { Check } from "../options.ts"
import { notifications } from "../samples.ts"
import { rich, type Trial } from "../trial.ts"

/**
 * The check that runs first, because every other one relies on it: `deliver` is an `Effect` that ends with a `Receipt`
 * or a `DeliveryError`, whatever the service answers.
 */
export const shapeCheck = ({ call, service }: Trial): Check => ({
  name: "ends every attempt with a receipt or a DeliveryError",
  run: Effect.gen(function* () {
    for (const answer of [service.accepts, ...service.fails(""), ...service.otherwise("")]) {
      for (const form of ["rich", "plain"] as const) {
        const { exit, printed } = yield* call(answer, (channel, settings) => {
          const attempt: unknown = channel.deliver(settings, notifications.Raised, { ...rich, form })
          return isEffect(attempt) ? attempt : assert.fail(`\`deliver\` returns ${describe(attempt)}, not an Effect`)
        })
        if (Exit.isSuccess(exit)) {
          assert.isTrue(
            isReceipt(exit.value),
            `\`deliver\` succeeds with ${describe(exit.value)}, not with a Receipt such as {}`
          )
          continue
        }
        const error = Cause.squash(exit.cause)
        if (error instanceof DeliveryError) continue
        assert.fail(
          Exit.hasDies(exit)
            ? `\`deliver\` throws instead of failing with a DeliveryError: ${printed}`
            : `\`deliver\` fails with something other than a DeliveryError: ${printed}`
        )
      }
    }
  })
})

const isEffect = (value: unknown): value is Effect.Effect<unknown, unknown> => Effect.isEffect(value)

const isReceipt = Schema.is(Receipt)

const describe = (value: unknown): string =>
  value instanceof Promise
    ? "a promise"
    : value === undefined
      ? "undefined"
      : `${typeof value} ${JSON.stringify(value)}`
