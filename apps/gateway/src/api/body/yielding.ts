import { Effect, Schema } from "effect"

/** The most values between two yields. */
const most = 1000

/** The number of values decoded since the last yield, of all requests. */
let decoded = 0

/**
 * Lets other requests run between the elements of a long array, which a schema would otherwise decode at once.
 * `values` is how many values one element has.
 */
export const yielding = <S extends Schema.Constraint>(element: S, values: number) =>
  Schema.middlewareDecoding<S, S["DecodingServices"]>((decoding) => {
    decoded += values
    if (decoded < most) return decoding
    decoded = 0
    return Effect.andThen(Effect.yieldNow, decoding)
  })(element)
