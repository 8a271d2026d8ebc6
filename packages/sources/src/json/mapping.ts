/**
 * The settings of a source of the type `json`: where the fields of an alert are in its bodies.
 */
import { InboundLimits, Severity } from "@tocsin/core"
import { Schema } from "effect"

/** A JSON Pointer (RFC 6901): empty for the whole, or `/` before each step, such as `/alerts/0/id`. */
const Pointer = Schema.String.check(
  Schema.isMaxLength(InboundLimits.maxIdLength),
  Schema.makeFilter((pointer) => /^(?:\/(?:[^~/]|~[01])*)*$/.test(pointer), {
    expected: "a JSON Pointer, such as /alert/id: empty, or / before each step, with ~ as ~0 and / as ~1"
  })
)

const Text = Schema.String.check(Schema.isMaxLength(InboundLimits.maxTextLength))

/** Where a value is: a JSON Pointer within the alert, or within the body, or a constant. */
export const Value = Schema.Union([
  Pointer,
  Schema.Struct({ body: Schema.optionalKey(Pointer), constant: Schema.optionalKey(Text) }).check(
    Schema.makeFilter(({ body, constant }) => (body === undefined) !== (constant === undefined), {
      expected: `{ "body": "/pointer" } or { "constant": "text" }`
    })
  )
]).annotate({ expected: `a JSON Pointer, such as "/alert/id", or { "body": "/pointer" }, or { "constant": "text" }` })
export type Value = typeof Value.Type

const described = (title: string, description: string) => ({ title, description })

const value = (title: string, description: string) =>
  Schema.optionalKey(Value).annotateKey(described(title, description))

const isSmall = Schema.makeFilter(
  (record: { readonly [name: string]: unknown }) => Object.keys(record).length <= InboundLimits.maxLabels,
  { expected: `an object of at most ${InboundLimits.maxLabels} fields` }
)

const Condition = Schema.Struct({
  value: Value,
  in: Schema.optionalKey(Schema.Array(Text)),
  notIn: Schema.optionalKey(Schema.Array(Text))
}).check(
  Schema.makeFilter((condition) =>
    (condition.in === undefined) === (condition.notIn === undefined)
      ? { path: ["in"], issue: "Expected either in or notIn, a list of texts" }
      : undefined
  )
)

const State = Schema.Literals(["raised", "cleared", "ignored"])

/** The schema of the settings. */
export const Mapping = Schema.Struct({
  items: Schema.optionalKey(Pointer).annotateKey(
    described(
      "Items",
      "A JSON Pointer to the array of alerts in a body. Every other pointer is then relative to an alert. When absent, a body is one alert"
    )
  ),
  filter: Schema.optionalKey(Schema.Array(Condition).check(Schema.isMaxLength(InboundLimits.maxLabels))).annotateKey(
    described(
      "Filter",
      `Conditions that must all hold, or else the alert is ignored: { "value": "/type", "in": ["alert"] }, or notIn`
    )
  ),
  id: Schema.Union([Value, Schema.Array(Value).check(Schema.isMinLength(1), Schema.isMaxLength(8))]).annotateKey(
    described(
      "Id",
      "What identifies the alert: its raise and its clear must agree in it. A list of values is joined with /"
    )
  ),
  state: Schema.Struct({
    value: Value,
    map: Schema.optionalKey(Schema.Record(Schema.String, State).check(isSmall)),
    otherwise: Schema.optionalKey(State)
  }).annotateKey(
    described(
      "State",
      `Whether the alert is raised or cleared: { "value": "/status", "map": { "open": "raised", "closed": "cleared", "ack": "ignored" } }. Any other value is as "otherwise" says; without it, the body is unreadable`
    )
  ),
  severity: Schema.optionalKey(
    Schema.Struct({
      value: Value,
      map: Schema.optionalKey(Schema.Record(Schema.String, Severity).check(isSmall)),
      otherwise: Schema.optionalKey(Severity)
    })
  ).annotateKey(
    described(
      "Severity",
      `How severe the alert is: { "value": "/priority", "map": { "1": "critical" } }. Without map, usual words are known, such as warning`
    )
  ),
  name: Value.annotateKey(described("Name", "The headline: the name of the rule or of the problem")),
  summary: value("Summary", "A sentence or two on what is wrong"),
  test: value("Test", "What the alert is about: a host, a service"),
  ruleId: value("Rule id", "The id of the rule at the source"),
  eventId: value("Event id", "Names the message: the same one again changes nothing"),
  startedAt: value("Start", "When the problem began: ISO 8601, or seconds or milliseconds since 1970"),
  clearedAt: value("End", "When the problem ended; of a clear only"),
  link: value("Link", "The alert at its source, an http or https URL"),
  links: Schema.optionalKey(Schema.Record(Schema.String, Value).check(isSmall)).annotateKey(
    described("Links", `Other links by their names: { "Runbook": "/runbook_url" }`)
  ),
  labels: Schema.optionalKey(Schema.Union([Pointer, Schema.Record(Schema.String, Value).check(isSmall)])).annotateKey(
    described(
      "Labels",
      `Labels by their names: { "host": "/host/name" }; or a JSON Pointer to an object, of which every field is a label`
    )
  )
})
export type Mapping = typeof Mapping.Type
