import { JsonPointer, type Schema, SchemaIssue } from "effect"
import type { Unreadable } from "../Decoded.ts"

const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (leaf) =>
    leaf._tag === "MissingKey" ? "Expected a value: the field is missing" : SchemaIssue.defaultLeafHook(leaf)
})

/** Says where a body is first not as expected; decode without `reportInput`, or its values are repeated. */
export const unreadable = ({ issue }: Schema.SchemaError): Unreadable => {
  const [{ message, path = [] } = { message: "Unreadable" }] = format(issue).issues
  const pointer = path
    .map((segment) => `/${JsonPointer.escapeToken(String(typeof segment === "object" ? segment.key : segment))}`)
    .join("")
  return { _tag: "Unreadable", why: `${pointer === "" ? "the body" : pointer}: ${message}` }
}
