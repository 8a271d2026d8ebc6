import { Predicate } from "effect"

/** The largest event: https://developer.pagerduty.com/docs/events-api-v2-overview#size-limits */
const maxBytes = 512 * 1024

/**
 * Checks a body against PagerDuty's documentation. Returns each problem in PagerDuty's words; none for a valid body.
 *
 * @see https://developer.pagerduty.com/docs/send-alert-event#parameters
 */
export const validate = (body: string): ReadonlyArray<string> => {
  const event = parse(body)
  if (!Predicate.isObject(event)) return ["Event object is invalid"]
  const { dedup_key, event_action, payload, routing_key } = event
  const isText = (value: unknown, max: number) =>
    Predicate.isString(value) && value.trim() !== "" && value.length <= max
  return [
    ...(Buffer.byteLength(body) <= maxBytes ? [] : ["Event is larger than 512 KB"]),
    ...(isText(routing_key, 32) && String(routing_key).length === 32
      ? []
      : ["Length of 'routing_key' is incorrect (should be 32 characters)"]),
    ...(event_action === "trigger" || event_action === "resolve" ? [] : ["'event_action' is invalid"]),
    ...(isText(dedup_key, 255) ? [] : ["Length of 'dedup_key' is incorrect (should be at most 255 characters)"]),
    ...(event_action === "trigger" ? triggers(payload, isText) : [])
  ]
}

const triggers = (payload: unknown, isText: (value: unknown, max: number) => boolean): ReadonlyArray<string> => {
  if (!Predicate.isObject(payload)) return ["'payload' is missing or blank"]
  const { severity, source, summary, timestamp } = payload
  return [
    ...(isText(summary, 1024) ? [] : ["'payload.summary' is missing, blank or longer than 1,024 characters"]),
    ...(isText(source, 4096) ? [] : ["'payload.source' is missing or blank"]),
    ...(["critical", "error", "warning", "info"].includes(String(severity)) ? [] : ["'payload.severity' is invalid"]),
    ...(timestamp === undefined || !Number.isNaN(Date.parse(Predicate.isString(timestamp) ? timestamp : ""))
      ? []
      : ["'payload.timestamp' is invalid"])
  ]
}

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
