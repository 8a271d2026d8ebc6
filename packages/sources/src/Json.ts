/**
 * Reads any JSON, as the settings of the source say where the fields of an alert are.
 */
import { Effect, Option, Schema } from "effect"
import type { Decoded, Unreadable } from "./Decoded.ts"
import { at, lookUp, placeOf, type Sent } from "./json/lookUp.ts"
import { Mapping, type Value } from "./json/mapping.ts"
import { Id, Plain } from "./reading/lenientFields.ts"
import { labelsOf, linkTo, nothing, type Read, readEach, type Report, toEvent } from "./reading/report.ts"
import { severityOf } from "./reading/severity.ts"
import type { Options } from "./Source.ts"

/** Its name where sources are configured. */
export const type = "json"

/** Its name as people read it. */
export const title = "JSON, mapped by settings"

/** Where the fields of an alert are: by JSON Pointer, or constant. */
export const settings = Mapping

/** Settings for the webhooks of New Relic's workflows. */
export const example = {
  id: "/id",
  state: {
    value: "/state",
    map: { CREATED: "raised", ACTIVATED: "raised", ACKNOWLEDGED: "ignored", CLOSED: "cleared" }
  },
  severity: { value: "/priority", map: { CRITICAL: "critical", HIGH: "major", MEDIUM: "minor", LOW: "info" } },
  name: "/alertConditionNames/0",
  summary: "/title",
  startedAt: "/createdAt",
  clearedAt: "/updatedAt",
  link: "/issueUrl",
  labels: { policy: "/alertPolicyNames/0" }
}

/** Reads a body: one alert, or an array of them at the pointer `items`. */
export const decode = (body: unknown, options: Options<Mapping>): Effect.Effect<Decoded> => {
  const mapping = options.settings
  if (mapping.items === undefined) {
    return Effect.sync(() => {
      const one = read(mapping, { alert: body, body })
      return one._tag === "Report" ? { _tag: "Events", events: [toEvent(one, options)] } : one
    })
  }
  const items = at(body, mapping.items)
  return Array.isArray(items)
    ? readEach(items, mapping.items, (alert) => read(mapping, { alert, body }), options)
    : Effect.succeed(expectedAt(mapping.items, "an array of alerts"))
}

const read = (mapping: Mapping, sent: Sent): Read => {
  const textAt = (value: Value | undefined) => (value === undefined ? undefined : readText(lookUp(value, sent)))
  if (!(mapping.filter ?? []).every((condition) => holds(condition, sent))) return nothing

  const id = readId(mapping.id, sent)
  if (typeof id !== "string") return id
  const state = readState(mapping.state, sent)
  if (typeof state !== "string") return state
  if (state === "ignored") return nothing
  const isOver = state === "cleared"
  return {
    _tag: "Report",
    state,
    id,
    eventId: textAt(mapping.eventId),
    name: textAt(mapping.name),
    ruleId: textAt(mapping.ruleId),
    test: textAt(mapping.test),
    severity: readSeverity(mapping.severity, sent),
    summary: textAt(mapping.summary),
    started: textAt(mapping.startedAt),
    ended: isOver ? textAt(mapping.clearedAt) : undefined,
    labels: readLabels(mapping.labels, sent),
    link: mapping.link === undefined ? undefined : linkTo("", lookUp(mapping.link, sent))[0]?.link,
    more: Object.entries(mapping.links ?? {}).flatMap(([name, value]) => linkTo(name, lookUp(value, sent)))
  }
}

const holds = (condition: NonNullable<Mapping["filter"]>[number], sent: Sent): boolean => {
  const text = readText(lookUp(condition.value, sent)) ?? ""
  return condition.in === undefined ? !(condition.notIn ?? []).includes(text) : condition.in.includes(text)
}

const readId = (id: Mapping["id"], sent: Sent): string | Unreadable => {
  const parts: Array<string> = []
  for (const value of Array.isArray(id) ? id : [id]) {
    const part = Option.getOrUndefined(decodeId(lookUp(value, sent)))
    if (part === undefined) return notAt(value, "the id, a text or a number")
    parts.push(part)
  }
  return parts.join("/")
}

const readState = ({ map = asNamed, otherwise, value }: Mapping["state"], sent: Sent) => {
  const text = readText(lookUp(value, sent)) ?? ""
  const state = Object.hasOwn(map, text) ? map[text] : otherwise
  return state ?? notAt(value, `the state, one of ${Object.keys(map).slice(0, 20).join(", ")}`)
}

const asNamed: NonNullable<Mapping["state"]["map"]> = { raised: "raised", cleared: "cleared" }

const readSeverity = (severity: Mapping["severity"], sent: Sent): Report["severity"] => {
  if (severity === undefined) return undefined
  const { map, otherwise, value } = severity
  const text = readText(lookUp(value, sent)) ?? ""
  const known = map === undefined ? severityOf(text) : Object.hasOwn(map, text) ? map[text] : undefined
  return known ?? otherwise
}

const readLabels = (labels: Mapping["labels"] = {}, sent: Sent): Report["labels"] => {
  if (typeof labels === "string") {
    return labelsOf(Option.getOrUndefined(decodeFields(at(sent.alert, labels))))
  }
  return labelsOf(Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, lookUp(value, sent)])))
}

/** A text, a number or a boolean as text. */
const readText = (stated: unknown): string | undefined =>
  Option.getOrUndefined(decodePlain(typeof stated === "boolean" ? String(stated) : stated))

const decodeId = Schema.decodeUnknownOption(Id)
const decodePlain = Schema.decodeUnknownOption(Plain)
const decodeFields = Schema.decodeUnknownOption(Schema.Record(Schema.String, Schema.Unknown))

const notAt = (value: Value, what: string): Unreadable => {
  const { pointer, remark } = placeOf(value)
  return { _tag: "Unreadable", why: `${pointer}: Expected ${what}${remark}` }
}

const expectedAt = (pointer: string, what: string): Unreadable => ({
  _tag: "Unreadable",
  why: `${pointer === "" ? "the body" : pointer}: Expected ${what}`
})
