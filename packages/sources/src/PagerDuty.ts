/**
 * Reads PagerDuty's Events API v2, for programs that can post to it and allow another URL.
 *
 * @see https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
 */
import { Option, Schema } from "effect"
import { fnv } from "./reading/fingerprint.ts"
import { Id, ifReadable, List, Plain, TextLink } from "./reading/lenientFields.ts"
import { decoderOf, idOf, labelsOf, linkTo, valueOf } from "./reading/report.ts"
import { severityOf } from "./reading/severity.ts"

/** Its name in URLs and alerts. */
export const type = "pagerduty"

/** Its name as its vendor spells it. */
export const title = "PagerDuty Events API"

const Event = Schema.Struct({
  event_action: Schema.Literals(["trigger", "acknowledge", "resolve"]),
  dedup_key: ifReadable(Id),
  payload: ifReadable(
    Schema.Struct({
      summary: ifReadable(Plain),
      source: ifReadable(Plain),
      severity: ifReadable(Plain),
      timestamp: ifReadable(Plain),
      component: ifReadable(Plain),
      group: ifReadable(Plain),
      class: ifReadable(Plain),
      custom_details: Schema.optionalKey(Schema.Unknown)
    })
  ),
  client: ifReadable(Plain),
  client_url: ifReadable(TextLink),
  links: List,
  images: List
})

/** Reads an event. A trigger without a `dedup_key` gets a key made of its payload. */
export const decode = decoderOf(Event, (event) => {
  const { event_action: action, payload = {} } = event
  const id = keyOf(event)
  if (id === undefined) return { _tag: "Unreadable", why: `/dedup_key: Expected a text, because it is no trigger` }
  if (action === "trigger" && payload.summary === undefined) {
    return { _tag: "Unreadable", why: "/payload/summary: Expected a text" }
  }
  if (action === "acknowledge") {
    const by = payload.source ?? event.client
    const note = by === undefined ? "acknowledged by its sender" : `acknowledged by its sender, ${by}`
    return { _tag: "Events", events: [], notes: [{ sourceId: id, note }] }
  }
  const { class: kind, component, custom_details: details, group } = payload
  return {
    _tag: "Report",
    state: action === "resolve" ? "cleared" : "raised",
    id,
    name: payload.summary ?? id,
    test: payload.source,
    severity: severityOf(payload.severity),
    summary: typeof details === "string" ? Option.getOrUndefined(readPlain(details)) : undefined,
    started: action === "resolve" ? undefined : payload.timestamp,
    ended: undefined,
    labels: [
      ...labelsOf({ component, group, class: kind, client: event.client }),
      ...labelsOf(Option.getOrUndefined(readFields(details)))
    ],
    link: event.client_url,
    more: [
      ...(event.links ?? []).flatMap((link) =>
        Option.toArray(readLink(link)).flatMap(({ href, text }) => linkTo(text ?? "", href))
      ),
      ...(event.images ?? []).flatMap((image) =>
        Option.toArray(readImage(image)).flatMap(({ alt, src }) => linkTo(alt ?? "Image", src))
      )
    ]
  }
})

/** The key of an event's alert; undefined if it has none and does not trigger. PagerDuty answers with it. */
export const dedupKey = (body: unknown): string | undefined => {
  const event = Option.getOrUndefined(decodeEvent(body))
  const key = event && keyOf(event)
  return key === undefined ? undefined : idOf(key)
}

const decodeEvent = Schema.decodeUnknownOption(Event)

const keyOf = ({ dedup_key, event_action, payload }: typeof Event.Type): string | undefined =>
  dedup_key ?? (event_action === "trigger" ? fnv(valueOf(payload)) : undefined)

const readPlain = Schema.decodeUnknownOption(Plain)
const readFields = Schema.decodeUnknownOption(Schema.Record(Schema.String, Schema.Unknown))
const readLink = Schema.decodeUnknownOption(Schema.Struct({ href: Plain, text: ifReadable(Plain) }))
const readImage = Schema.decodeUnknownOption(Schema.Struct({ src: Plain, alt: ifReadable(Plain) }))
