/**
 * Parses JSON as `JSON.parse` does, with every number read by `readNumber`. Throws what `JSON.parse` throws; nested deeper
 * than a few thousand levels, a `RangeError`.
 */
export const parseJson = (text: string): unknown =>
  JSON.parse(text, (_, value: unknown, context?: { readonly source?: string }) =>
    typeof value === "number" && context?.source !== undefined ? readNumber(context.source) : value
  )

/**
 * Reads a number of a JSON text. One that a JavaScript number cannot hold digit by digit stays as the text that was sent:
 * a source's ids may exceed 2^53, and `9007199254740993` read as `9007199254740992` may be the id of another alert.
 */
export const readNumber = (source: string): number | string => {
  const value = Number(source)
  return mayBeInexact.test(source) && String(value) !== source ? source : value
}

/** A number of up to 15 digits is exact. */
const mayBeInexact = /[\d.]{16}/
