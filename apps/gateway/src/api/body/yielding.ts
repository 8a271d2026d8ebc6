import { Effect, Schema } from "effect"

/** Others run after so many values at the latest. */
const most = 1000

/** The values that were decoded since others could last run, whichever requests they belong to. */
let decoded = 0

/**
 * Lets other requests run between the elements of a long array: a schema decodes all of an array at once otherwise.
 * `values` is how many values one element has.
 */
export const yielding = <S extends Schema.Constraint>(element: S, values: number) =>
  Schema.middlewareDecoding<S, S["DecodingServices"]>((decoding) => {
    decoded += values
    if (decoded < most) return decoding
    decoded = 0
    return Effect.andThen(Effect.yieldNow, decoding)
  })(element)
