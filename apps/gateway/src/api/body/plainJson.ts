import { InboundLimits } from "@tocsin/core"

/** The longest text that is parsed at once, in UTF-16 units: no caller waits for it noticeably. */
const maxLength = 64 * 1024

/**
 * Parses a short JSON text by `JSON.parse`, which takes a fifth of the time of `parseJson`. Returns undefined for
 * everything that `parseJson` may refuse or change: ask it.
 */
export const plainJson = (text: string, maxValues: number): { readonly value: unknown } | undefined => {
  // Each value has at least one character.
  if (text.length > Math.min(maxLength, maxValues) || mayBeUnstorable.test(text)) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  // Every field's name ends in a quote and a colon: there are more of them than fields if an object has one twice.
  return countFields(value, 1) === (text.match(endOfName)?.length ?? 0) ? { value } : undefined
}

const mayBeUnstorable = /\\u(?:0000|d[89a-f])/i

const endOfName = /"[ \t\n\r]*:/g

/** The number of fields of a value; NaN if one of its parts exceeds a limit. */
const countFields = (value: unknown, depth: number): number => {
  if (typeof value !== "object" || value === null) return 0
  if (depth > InboundLimits.maxDepth) return NaN
  let count = 0
  if (Array.isArray(value)) {
    for (const element of value) count += countFields(element, depth + 1)
    return count
  }
  const all = Object.values(value)
  if (all.length > InboundLimits.maxFields) return NaN
  for (const one of all) count += countFields(one, depth + 1)
  return count + all.length
}
