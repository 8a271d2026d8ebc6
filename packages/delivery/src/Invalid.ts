/**
 * Input that cannot be taken: where, what was expected and what to do.
 */
import { Schema, SchemaIssue } from "effect"

/** One thing that is wrong. It never repeats what was given: that may be a secret. */
export const InvalidPart = Schema.Struct({
  /** Where: a JSON Pointer into the body (RFC 6901). */
  path: Schema.String,
  expected: Schema.String,
  message: Schema.String
})
export type InvalidPart = typeof InvalidPart.Type

/** Input that cannot be taken; nothing was changed. */
export class Invalid extends Schema.TaggedError<Invalid>()("Invalid", {
  errors: Schema.Array(InvalidPart)
}) {}

/** The error for one place. */
export const invalid = (path: string, expected: string, message = `Expected ${expected}`): Invalid =>
  new Invalid({ errors: [{ path, expected, message }] })

/** The errors of input that its schema refused, with their places below `at`. */
export const fromIssue = (issue: SchemaIssue.Issue, at = ""): Invalid =>
  new Invalid({
    errors: format(issue).issues.map(({ message, path }) => {
      const pointer = (path ?? []).map((key) => `/${escape(String(typeof key === "object" ? key.key : key))}`).join("")
      const expected = message === "Missing key" ? "a value" : message.replace(/^Expected /, "")
      return { path: at + pointer, expected, message }
    })
  })

const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) =>
    issue._tag === "UnexpectedKey" ? "Expected no field of this name" : SchemaIssue.defaultLeafHook(issue)
})

const escape = (key: string) => key.replaceAll("~", "~0").replaceAll("/", "~1")
