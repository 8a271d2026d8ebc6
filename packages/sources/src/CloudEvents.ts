/**
 * Reads CloudEvents 1.0 over HTTP in the modes binary, structured and batch.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 */
import type { NamedLink } from "@tocsin/core"
import { Effect, Option, Schema } from "effect"
import type { Decoded } from "./Decoded.ts"
import { Fields, Id, ifReadable, Plain, withExtras } from "./reading/lenientFields.ts"
import { decoderOf, labelsOf, linkTo, readEach, readerOf, type Report } from "./reading/report.ts"
import { severityOf } from "./reading/severity.ts"
import type { Options, Request } from "./Source.ts"

/** Its name in URLs and alerts. */
export const type = "cloudevents"

/** Its name as its specification spells it. */
export const title = "CloudEvents"

/** Reads an event, or a batch of them. */
export const decode = (body: unknown, options: Options): Effect.Effect<Decoded> =>
  Array.isArray(body) ? readEach(body, "", readerOf(Event, read), options) : decodeOne(body, options)

const known = {
  specversion: Schema.Literals(["1.0"]),
  id: Id,
  source: Id,
  type: Plain,
  subject: ifReadable(Id),
  time: ifReadable(Plain),
  datacontenttype: Schema.optionalKey(Schema.Unknown),
  dataschema: Schema.optionalKey(Schema.Unknown),
  data_base64: Schema.optionalKey(Schema.Unknown),
  traceparent: Schema.optionalKey(Schema.Unknown),
  tracestate: Schema.optionalKey(Schema.Unknown),
  data: ifReadable(
    Schema.Struct({
      title: ifReadable(Plain),
      summary: ifReadable(Plain),
      severity: ifReadable(Plain),
      labels: Fields,
      links: Schema.optionalKey(Schema.Unknown)
    })
  )
}

const Event = withExtras(known)

/** The last segment of a type that says that a problem is over. */
const over = new Set(["cleared", "resolved", "recovered", "closed"])

/**
 * Events with a subject are about one alert if they agree in source and subject; without one, if they agree in their id,
 * which then cannot tell a repeat.
 */
const read = (event: typeof Event.Type): Report => {
  const { data = {}, source, subject } = event
  const isOver = over.has(event.type.toLowerCase().split(/[./:]/).at(-1) ?? "")
  const [first, ...more] = linksOf(data.links)
  return {
    _tag: "Report",
    state: isOver ? "cleared" : "raised",
    id: `${source} ${subject ?? event.id}`,
    ...(subject !== undefined && { eventId: `${source} ${event.id}` }),
    name: data.title ?? event.type,
    ruleId: event.type,
    test: subject,
    severity: severityOf(data.severity),
    summary: data.summary,
    started: isOver ? undefined : event.time,
    ended: event.time,
    labels: labelsOf({
      ...Object.fromEntries(Object.entries(event).filter(([name]) => !Object.hasOwn(known, name))),
      ...data.labels,
      source
    }),
    link: first?.link,
    more
  }
}

const decodeOne = decoderOf(Event, read)

/** Links as an array of addresses or of objects, or as an object of addresses by name. */
const linksOf = (stated: unknown): ReadonlyArray<NamedLink> => {
  if (Array.isArray(stated))
    return stated.slice(0, 100).flatMap((link) => Option.toArray(readLink(link)).flatMap(named))
  return Option.match(readFields(stated), {
    onNone: () => linkTo("Link", stated),
    onSome: (fields) => Object.entries(fields).flatMap(([name, address]) => linkTo(name, address))
  })
}

const NamedAddress = Schema.Struct({
  href: ifReadable(Plain),
  url: ifReadable(Plain),
  text: ifReadable(Plain),
  label: ifReadable(Plain),
  title: ifReadable(Plain)
})
const readLink = Schema.decodeUnknownOption(Schema.Union([Plain, NamedAddress]))
const readFields = Schema.decodeUnknownOption(Schema.Record(Schema.String, Schema.Unknown))

const named = (link: string | typeof NamedAddress.Type): ReadonlyArray<NamedLink> =>
  typeof link === "string"
    ? linkTo("Link", link)
    : linkTo(link.text ?? link.label ?? link.title ?? "Link", link.href ?? link.url)

/**
 * Makes structured JSON of a request in binary mode, in which the attributes are headers: `ce-source` and so on. Any other
 * request is JSON already.
 */
export const toJson = ({ headers, text }: Request): string => {
  const contentType = headers["content-type"] ?? ""
  if (/^application\/cloudevents/i.test(contentType) || headers["ce-specversion"] === undefined) return text
  const attributes = Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      /^ce-[a-z0-9]{1,64}$/.test(name) && value !== undefined ? [[name.slice(3), headerValue(value)]] : []
    )
  )
  const event = JSON.stringify(attributes)
  if (text.trim() === "") return event
  const data = isJson.test(contentType) || contentType === "" ? text : JSON.stringify(text)
  return `${event.slice(0, -1)},"data":${data}}`
}

const isJson = /^[^;]*[/+]json\b/i

/** Values are percent-encoded, and may be quoted. */
const headerValue = (value: string): string => {
  const bare = /^"(.*)"$/.exec(value)?.[1]?.replaceAll(/\\(.)/g, "$1") ?? value
  try {
    return decodeURIComponent(bare)
  } catch {
    return bare
  }
}
