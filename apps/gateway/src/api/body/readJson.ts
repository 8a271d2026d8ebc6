import type { InvalidRequest } from "@tocsin/client"
import { invalid, InvalidInput, Shortcuts } from "@tocsin/delivery"
import { Effect } from "effect"
import { type Json, type JsonOptions, parseJson } from "./parseJson.ts"
import { plainJson } from "./plainJson.ts"
import type { Body } from "./readBody.ts"
import { toInvalidRequest } from "./toInvalidRequest.ts"

/**
 * Parses the JSON of a body while other requests run. The error has the position, or the limit that the body exceeds.
 */
export const readJson = (
  { notUtf8At, text }: Omit<Body, "bytes">,
  options: JsonOptions
): Effect.Effect<Json, InvalidRequest> =>
  Effect.flatMap(Shortcuts, (takesShortcuts) => {
    if (notUtf8At !== undefined) {
      return toInvalidRequest(invalid("", "UTF-8", `The body is not UTF-8: byte ${notUtf8At} does not fit`))
    }
    const plain = takesShortcuts && options.number === Number ? plainJson(text, options.maxValues) : undefined
    return plain === undefined
      ? finish(parseJson(text, options))
      : Effect.succeed({ ...plain, isCorrected: false, isShort: true })
  })

const finish = (parsing: Generator<void, Json>): Effect.Effect<Json, InvalidRequest> =>
  Effect.flatMap(
    Effect.try({
      try: () => parsing.next(),
      catch: (error) =>
        toInvalidRequest(error instanceof InvalidInput ? error : invalid("", "JSON", "The body is not JSON"))
    }),
    ({ done, value }) =>
      done === true ? Effect.succeed(value) : Effect.flatMap(Effect.yieldNow, () => finish(parsing))
  )
