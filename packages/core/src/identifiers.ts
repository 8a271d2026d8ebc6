import { Schema } from "effect"
import { maxTextLength } from "./InboundLimits.ts"

/**
 * An id that can be a segment of a URL's path; `.` and `..` cannot, because clients resolve them. (Only patterns with
 * the flag `u` reach a JSON Schema.)
 */
export const PathSegment = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9._-]{1,64}$/u, { expected: "1 to 64 of the characters A-Z a-z 0-9 . _ -" }),
  Schema.makeFilter((id) => id !== "." && id !== "..", { expected: "an id other than . and .." })
)

/** The name of an integration or an alert rule: 1 to 4,096 characters. */
export const ConfiguredName = Schema.NonEmptyString.check(
  Schema.isMaxLength(maxTextLength, { expected: `a name of at most ${maxTextLength} characters` })
)
