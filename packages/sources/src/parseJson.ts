/**
 * Parses JSON as `JSON.parse` does, except that a number that a JavaScript number cannot hold digit by digit stays as
 * the text that was sent. A source's ids may exceed 2^53: `9007199254740993` becomes `"9007199254740993"`, and not
 * `9007199254740992`, which may be the id of another alert.
 *
 * Throws what `JSON.parse` throws; nested deeper than a few thousand levels, a `RangeError`.
 */
export const parseJson = (text: string): unknown => (mayBeInexact.test(text) ? parseExactly(text) : JSON.parse(text))

/** A number of up to 15 digits is exact, and most bodies have no longer one. */
const mayBeInexact = /[\d.]{16}/

const parseExactly = (text: string): unknown =>
  JSON.parse(text, (_, value: unknown, context?: { readonly source?: string }) =>
    typeof value === "number" && context?.source !== undefined && isInexact(value, context.source)
      ? context.source
      : value
  )

const isInexact = (value: number, source: string): boolean => mayBeInexact.test(source) && String(value) !== source
