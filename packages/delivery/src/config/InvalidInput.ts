/**
 * Errors of input: the position, the expected value and a remedy.
 */
import { cut, PluginDefect } from "@tocsin/core"
import { Predicate, Schema, SchemaAST, SchemaIssue } from "effect"

/** One error. It never repeats the input, which may be a secret. */
export const InvalidPart = Schema.Struct({
  /** The position: a JSON Pointer into the body (RFC 6901). */
  path: Schema.String,
  expected: Schema.String,
  message: Schema.String
})
export type InvalidPart = typeof InvalidPart.Type

/** The input is invalid; nothing was changed. */
export class InvalidInput extends Schema.TaggedError<InvalidInput>()("InvalidInput", {
  errors: Schema.Array(InvalidPart)
}) {}

/** Makes an error for one place. */
export const invalid = (path: string, expected: string, message = `Expected ${expected}`): InvalidInput =>
  new InvalidInput({ errors: [{ path, expected, message }] })

/** Makes an error for settings with which a function of the plugin threw, without the secrets of `settings`. */
export const pluginFailed = (thrownIn: string, thrown: unknown, settings: unknown): InvalidInput => {
  const { kind, message } = PluginDefect.of(thrownIn, thrown).redacted(settings)
  return invalid(
    "/settings",
    "settings that the plugin can use",
    `The plugin failed: ${cut(`${kind}: ${message}`, maxDefectLength)}. Check the settings, or report this to the plugin's author`
  )
}

/** The longest text of a plugin's exception in an answer, in UTF-16 units. */
const maxDefectLength = 300

/** The most errors that a response lists. */
export const maxErrors = 100

/**
 * Converts the issue of a schema to errors, with their places below `at`: the first `maxErrors`, and one more if there
 * are more. With `input`, an object that has none of the forms of a union is reported at the field that names the form.
 */
export const fromIssue = (all: SchemaIssue.Issue, at = "", input?: unknown): InvalidInput => {
  const issue = firstIssues(all, { left: maxErrors + 1 }, input)
  // The default message would contain the identifier of the schema, which means nothing to callers.
  if (issue._tag === "AnyOf" && issue.issues.length === 0 && issue.ast.types.every(SchemaAST.isObjects)) {
    return invalid(at, "an object")
  }
  const missing = missingFields(issue)
  const format = SchemaIssue.makeFormatterStandardSchemaV1({
    leafHook: (leaf) => {
      if (leaf._tag === "UnexpectedKey") return "Expected no field of this name"
      const ast = leaf._tag === "MissingKey" ? missing.get(leaf) : leaf._tag === "InvalidType" ? leaf.ast : undefined
      if (ast === undefined) return SchemaIssue.defaultLeafHook(leaf)
      // The first check is more precise than the type: a time is more than a text.
      const expected = ast.checks?.[0].annotations?.expected
      const says =
        typeof expected === "string"
          ? `Expected ${expected}`
          : SchemaIssue.defaultLeafHook(new SchemaIssue.InvalidType(ast))
      return leaf._tag === "MissingKey" ? `${isMissing}${says}` : says
    }
  })
  return new InvalidInput({
    errors: format(issue).issues.map(({ message, path }) => {
      const keys = (path ?? []).map((key) => String(typeof key === "object" ? key.key : key))
      const missing = message.startsWith(isMissing)
      const said = missing ? message.slice(isMissing.length) : message
      const expected = inWords(said.replace(/^Expected /, ""))
      return {
        path: at + pointer(keys),
        expected,
        message: missing
          ? `${isMissing}expected ${expected}`
          : said.startsWith("Expected ")
            ? `Expected ${expected}`
            : said
      }
    })
  })
}

/**
 * Limits the issue to so many leaves, and reports an object with none of the forms of a union at the field that names
 * the form.
 */
const firstIssues = (issue: SchemaIssue.Issue, limit: { left: number }, input: unknown): SchemaIssue.Issue => {
  switch (issue._tag) {
    case "Encoding":
      return new SchemaIssue.Encoding(issue.ast, firstIssues(issue.issue, limit, input))
    case "Pointer":
      return new SchemaIssue.Pointer(issue.path, firstIssues(issue.issue, limit, valueAt(input, issue.path)))
    case "Composite": {
      const [first, ...others] = issue.issues.slice(0, limit.left)
      if (first === undefined) return issue
      const kept: [SchemaIssue.Issue, ...Array<SchemaIssue.Issue>] = [firstIssues(first, limit, input)]
      for (const other of others) if (limit.left > 0) kept.push(firstIssues(other, limit, input))
      return new SchemaIssue.Composite(issue.ast, kept)
    }
    case "AnyOf": {
      limit.left--
      const tag = Predicate.isObject(input) ? tagOf(issue.ast) : undefined
      if (tag === undefined) return issue
      const chosen = valueAt(input, [tag.name])
      if (issue.issues.length > 0 && chosen === undefined) return issue
      const form = tag.forms.get(chosen)
      if (form === undefined || issue.issues.length === 0) {
        const values = Schema.Literals([...tag.forms.keys()].map(String)).ast
        return new SchemaIssue.Pointer([tag.name], new SchemaIssue.InvalidType(values))
      }
      // A form whose tag is optional is tried in vain beside the one that the tag names.
      const own = issue.issues.filter((one) => !("ast" in one) || one.ast === form)
      return own.length === 0 ? issue : new SchemaIssue.AnyOf(issue.ast, own)
    }
    default:
      limit.left--
      return issue
  }
}

const valueAt = (input: unknown, path: ReadonlyArray<PropertyKey>): unknown =>
  path.reduce((value, key) => (Predicate.hasProperty(value, key) ? value[key] : undefined), input)

/** The field that has a different fixed text in each form of a union. */
const tagOf = ({ types }: SchemaAST.Union) => {
  const forms = types.filter(SchemaAST.isObjects)
  if (forms.length < types.length) return undefined
  const fixed = forms.map(
    ({ propertySignatures }) =>
      new Map(
        propertySignatures.flatMap(({ name, type }) =>
          SchemaAST.isLiteral(type) && typeof type.literal === "string" ? [[name, type.literal]] : []
        )
      )
  )
  const name = [...(fixed[0]?.keys() ?? [])].find((name) => fixed.every((tags) => tags.has(name)))
  if (name === undefined) return undefined
  return { name, forms: new Map<unknown, SchemaAST.AST>(fixed.map((tags, n) => [tags.get(name), forms[n]!])) }
}

/** The prefix of the message for a missing field. */
const isMissing = "is missing: "

/** A JSON Pointer (RFC 6901). */
export const pointer = (keys: ReadonlyArray<string>): string =>
  keys.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")

/** The schema of each missing field; the issue itself does not contain it. */
const missingFields = (issue: SchemaIssue.Issue): ReadonlyMap<SchemaIssue.MissingKey, SchemaAST.AST> => {
  const found = new Map<SchemaIssue.MissingKey, SchemaAST.AST>()
  const look = (issue: SchemaIssue.Issue, parent?: SchemaAST.AST): void => {
    switch (issue._tag) {
      case "Filter":
      case "Encoding":
        return look(issue.issue, parent)
      case "Composite":
      case "AnyOf":
        return issue.issues.forEach((inner) => look(inner, issue.ast))
      case "Pointer": {
        if (issue.issue._tag !== "MissingKey") return look(issue.issue)
        const field =
          parent?._tag === "Objects" ? parent.propertySignatures.find(({ name }) => name === issue.path[0]) : undefined
        if (field !== undefined) found.set(issue.issue, field.type)
      }
    }
  }
  look(issue)
  return found
}

/** Replaces names of TypeScript types by words that callers understand. */
const inWords = (expected: string): string =>
  /^"[^"]*"(?: \| "[^"]*")+$/.test(expected)
    ? `one of ${expected.replaceAll('"', "").replaceAll(" | ", ", ")}`
    : (words.get(expected) ?? expected)

const words = new Map([
  ["string", "a text"],
  ["Redacted", "a text"],
  ["boolean", "true or false"],
  ["array", "an array"],
  ["object", "an object"],
  ["object | null", "an object, or no body"],
  ["number", "a number"],
  ["JSON value", "a JSON value"],
  ["a value with a length of at least 1", "a text that is not empty"],
  ["a valid UTC DateTime string", "a time such as 2026-01-15T09:00:00Z"],
  ["a valid URL string", "an http or https URL"]
])
