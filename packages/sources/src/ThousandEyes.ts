/**
 * Reads the webhooks of ThousandEyes: its own format, and custom webhooks with the presets Generic and Splunk or with
 * Tocsin's template.
 */
import { Effect, Predicate } from "effect"
import type { Decoded, Test, Unreadable } from "./Decoded.ts"
import { readClassic } from "./thousandEyes/thousandEyesClassic.ts"
import { isCustom, readCustom } from "./thousandEyes/thousandEyesCustom.ts"
import { type Options, type Reported, toEvent } from "./thousandEyes/thousandEyesEvent.ts"
import { defaultViewsUrl } from "./thousandEyes/viewLinks.ts"

/** Its name in URLs and alerts. */
export const type = "thousandeyes"

/** Its name as its vendor spells it. */
export const title = "ThousandEyes"

export type { Options } from "./thousandEyes/thousandEyesEvent.ts"
export { settings } from "./thousandEyes/thousandEyesSettings.ts"
export { defaultViewsUrl, ViewsUrl } from "./thousandEyes/viewLinks.ts"

/** Settings as a person would enter them. */
export const example = { viewsUrl: defaultViewsUrl }

/**
 * Reads a body that ThousandEyes posted, as parsed from its JSON by `parseJson`, which keeps every digit of an id.
 * Never fails, and yields to other fibers at least every 1,000 values of a long list.
 *
 * Fields that decide neither the state nor the times of an alert may be missing or malformed; they are then left out.
 */
export const decode = (body: unknown, options: Options): Effect.Effect<Decoded> =>
  Effect.map(readBody(body), (read) =>
    read._tag === "Reported" ? { _tag: "Events", events: [toEvent(read, options)] } : read
  )

/** The fields of the body decide its format, not their values. */
const readBody = (body: unknown): Effect.Effect<Reported | Test | Unreadable> => {
  if (isCustom(body)) return readCustom(body)
  // Splunk's collector expects events in an envelope.
  if (Predicate.hasProperty(body, "event") && isCustom(body.event)) {
    return Effect.map(readCustom(body.event), inEnvelope)
  }
  if (Predicate.hasProperty(body, "eventType")) return readClassic(body)
  return Effect.succeed({ _tag: "Unreadable", why: `the body: ${isForPeople(body) ? forPeople : expected}` })
}

const inEnvelope = (read: Reported | Unreadable): Reported | Unreadable =>
  read._tag === "Unreadable" ? { ...read, why: `/event${read.why.replace(/^the body/, "")}` } : read

const expected = "Expected an object with eventType and alert (webhook) or type and alert (custom webhook)"

/** The presets for Slack, Webex and Microsoft Teams render messages. */
const isForPeople = (body: unknown): boolean =>
  ["text", "blocks", "attachments", "markdown", "@type"].some((field) => Predicate.hasProperty(body, field))

const forPeople =
  "It is a message for people, as ThousandEyes' presets for Slack, Webex and Microsoft Teams render it. Choose the preset Generic or Splunk, or Tocsin's template"
