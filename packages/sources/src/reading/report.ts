import {
  type AlertEvent,
  cut,
  cutLabels,
  InboundLimits,
  type Link,
  Link as LinkSchema,
  type NamedLink,
  type Severity
} from "@tocsin/core"
import { DateTime, Effect, Option, Predicate, Result, Schema } from "effect"
import type { Decoded, Events, Test, Unreadable } from "../Decoded.ts"
import type { Defaults, Options } from "../Source.ts"
import { fnv } from "./fingerprint.ts"
import { type ReadTime, readTime } from "./javaTime.ts"
import { unreadable } from "./unreadable.ts"

/** What a format says of one alert, before it is interpreted. */
export interface Report {
  readonly _tag: "Report"
  readonly state: AlertEvent["state"]
  readonly id: string
  readonly eventId?: string | undefined
  /** The name of the source's rule, which is the headline. */
  readonly name: string | undefined
  readonly ruleId?: string | undefined
  readonly expression?: string | undefined
  /** What the alert is about: a host, a service. */
  readonly test?: string | undefined
  readonly testId?: string | undefined
  readonly targets?: ReadonlyArray<string | undefined>
  readonly severity: Severity | undefined
  readonly summary?: string | undefined
  readonly started: string | undefined
  readonly ended: string | undefined
  readonly clearedBecause?: AlertEvent["clearedBecause"]
  /** When a raised alert expires unless its source repeats it. */
  readonly expiresAt?: DateTime.Utc
  readonly observations?: AlertEvent["observations"]
  readonly labels: ReadonlyArray<readonly [name: string, value: string]>
  /** The alert at its source. */
  readonly link?: Link | undefined
  readonly more?: ReadonlyArray<NamedLink>
}

/** What is in a body, or in a member of its list. */
export type Read = Report | Events | Test | Unreadable

/** A body about nothing that is an alert. */
export const nothing: Events = { _tag: "Events", events: [] }

/** The body is not as expected. */
export const expected = (what: string): Unreadable => ({ _tag: "Unreadable", why: `the body: Expected ${what}` })

/** Makes a decoder of a format in which a body is about one alert. */
export const decoderOf = <S extends Schema.ConstraintDecoder<unknown>, Settings = unknown>(
  schema: S,
  read: (body: S["Type"], options: Options<Settings>) => Read
): ((body: unknown, options: Options<Settings>) => Effect.Effect<Decoded>) => {
  const readOne = readerOf(schema, read)
  return (body, options) =>
    Effect.sync(() => {
      const one = readOne(body, options)
      return one._tag === "Report" ? { _tag: "Events", events: [toEvent(one, options)] } : one
    })
}

/** Reads a value that has to match the schema. */
export const readerOf = <S extends Schema.ConstraintDecoder<unknown>, Settings = unknown>(
  schema: S,
  read: (body: S["Type"], options: Options<Settings>) => Read
) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (body: unknown, options: Options<Settings>): Read =>
    Result.match(decode(body), { onFailure: unreadable, onSuccess: (decoded) => read(decoded, options) })
}

/** The most values that are read before others run. */
const mostValues = 1000

/** How many values a member counts as: making an event of the smallest takes as long as reading 50 values. */
const valuesIn = (member: unknown): number =>
  Predicate.isObject(member)
    ? Object.values(member).reduce<number>(
        (sum, field) => sum + (Predicate.isObject(field) ? Object.keys(field).length : 1),
        50
      )
    : 50

/**
 * Reads the members of a list at a JSON Pointer. Those that cannot be read are counted; if none can, the body is
 * unreadable.
 */
export const readEach = Effect.fnUntraced(function* <Settings>(
  list: ReadonlyArray<unknown>,
  pointer: string,
  read: (member: unknown, options: Options<Settings>) => Read,
  options: Options<Settings>
): Effect.fn.Return<Events | Unreadable> {
  const events: Array<AlertEvent> = []
  let count = 0
  let why: string | undefined
  let values = 0
  for (const [n, member] of list.entries()) {
    values += valuesIn(member)
    if (values > mostValues && n > 0) {
      values = 0
      yield* Effect.yieldNow
    }
    const one = read(member, options)
    if (one._tag === "Report") events.push(toEvent(one, options))
    else if (one._tag === "Events") events.push(...one.events)
    else if (one._tag === "Unreadable") {
      count++
      why ??= below(`${pointer}/${n}`, one).why
    }
  }
  if (why === undefined) return { _tag: "Events", events }
  return events.length === 0 ? { _tag: "Unreadable", why } : { _tag: "Events", events, missed: { count, why } }
})

/** What is wrong with a part of a body, as what is wrong with the body. */
const below = (pointer: string, { why }: Unreadable): Unreadable => ({
  _tag: "Unreadable",
  why: pointer + why.replace(/^the body/, "")
})

/** The event that a report stands for. */
export const toEvent = (report: Report, options: Options): AlertEvent => {
  const { state, test, testId } = report
  const started = timeOf(report.started, options)
  const stated = state === "cleared" ? timeOf(report.ended, options) : undefined
  // An end before the start is none: one of the two was read in a wrong zone.
  const ended = started && stated && DateTime.isLessThan(stated.at, started.at) ? undefined : stated
  const assumedTimeZone = started?.assumed ?? ended?.assumed
  const name = test ?? testId
  const targets = (report.targets ?? []).filter((target) => target !== undefined)
  return {
    source: options.source,
    sourceId: idOf(report.id),
    ...(report.eventId !== undefined && { eventId: idOf(report.eventId) }),
    reusesId: true,
    state,
    startedAt: started?.at ?? ended?.at ?? options.receivedAt,
    ...(ended && { clearedAt: ended.at }),
    ...(state === "cleared" && { clearedBecause: report.clearedBecause ?? "conditionsNoLongerMet" }),
    ...(report.expiresAt !== undefined && { expiresAt: report.expiresAt }),
    ...(assumedTimeZone && { assumedTimeZone }),
    rule: {
      name: textOf(report.name ?? report.expression ?? "unnamed rule"),
      ...(report.ruleId !== undefined && { id: idOf(report.ruleId) }),
      ...(report.expression !== undefined && { expression: textOf(report.expression) })
    },
    ...(name !== undefined && {
      test: {
        name: textOf(name),
        ...(testId !== undefined && { id: idOf(testId) }),
        ...(targets.length > 0 && { targets: targets.map(textOf) })
      }
    }),
    severity: report.severity ?? options.defaults.severity ?? "major",
    ...(report.summary !== undefined && { summary: textOf(report.summary) }),
    observations: (report.observations ?? []).map(({ atEnd, atStart, name }) => ({
      name: textOf(name),
      ...(atStart !== undefined && { atStart: textOf(atStart) }),
      ...(atEnd !== undefined && { atEnd: textOf(atEnd) })
    })),
    observationsOmitted: 0,
    labels: cutLabels(withDefaults(report.labels, options.defaults)),
    links: {
      ...(report.link && { alert: withoutCredentials(report.link) }),
      ...(report.more !== undefined &&
        report.more.length > 0 && {
          more: report.more
            .slice(0, InboundLimits.maxLinks)
            .map(({ label, link }) => ({ label, link: withoutCredentials(link) }))
        })
    }
  }
}

/** A link is shown to everybody in a channel: `https://user:password@example.com/` loses its user and password. */
const withoutCredentials = (link: Link): Link => {
  if (link.username === "" && link.password === "") return link
  const bare = new URL(link)
  bare.username = ""
  bare.password = ""
  return bare
}

const textOf = (text: string): string => cut(text, InboundLimits.maxTextLength)

/** A text as an id. One that is too long keeps its beginning, and ends in a hash of all of it. */
export const idOf = (text: string): string =>
  text.length <= InboundLimits.maxIdLength ? text : `${cut(text, InboundLimits.maxIdLength - 17)}#${fnv(text)}`

/** The default labels come first: labels beyond the limit are left out, and rules match the default ones. */
export const withDefaults = (
  labels: ReadonlyArray<readonly [name: string, value: string]>,
  { labels: defaults = {} }: Defaults
): ReadonlyArray<readonly [name: string, value: string]> => {
  const stated = new Set(labels.map(([name]) => name))
  return [...Object.entries(defaults).filter(([name]) => !stated.has(name)), ...labels]
}

const timeOf = (stated: string | undefined, { defaults }: Options): ReadTime | undefined => {
  const time = stated === undefined ? undefined : Option.getOrUndefined(readTime(stated, defaults.timezone))
  // The year 1 is how Go writes that there is no time.
  return time && time.at.epochMilliseconds >= 0 && time.at.epochMilliseconds < year10000 ? time : undefined
}

const year10000 = Date.UTC(10_000, 0)

/** The fields of an object as labels: texts as they are, everything else as JSON. Empty ones are left out. */
export const labelsOf = (
  object: Readonly<Record<string, unknown>> = {},
  isLabel: (name: string) => boolean = () => true
): ReadonlyArray<readonly [name: string, value: string]> =>
  Object.entries(object).flatMap(([name, stated]) => {
    const value = valueOf(stated)
    return name === "" || value === "" || !isLabel(name) ? [] : [[name, value] as const]
  })

/** A value as text: an absent one is empty, a text is as it is, everything else is JSON. */
export const valueOf = (stated: unknown): string =>
  stated === null || stated === undefined ? "" : typeof stated === "string" ? stated : JSON.stringify(stated)

/** A link with this name, if it is one. */
export const linkTo = (label: string, stated: unknown): ReadonlyArray<NamedLink> => {
  const link = stated instanceof URL ? stated : Option.getOrUndefined(readLink(stated))
  return link === undefined ? [] : [{ label: cut(label.trim() || "Link", InboundLimits.maxLabelLength), link }]
}

const readLink = Schema.decodeUnknownOption(Schema.toCodecJson(LinkSchema))

/** The parts that are there, each once, as lines of one text. */
export const linesOf = (...parts: ReadonlyArray<string | undefined>): string | undefined => {
  const lines = [...new Set(parts.filter((part) => part !== undefined))].join("\n")
  return lines === "" ? undefined : lines
}
