/**
 * Reads what ThousandEyes posts: its own webhook, a custom webhook with the
 * Generic preset, and a custom webhook with Tocsin's own template.
 */
import { Predicate } from "effect"
import type { Decoded } from "./Decoded.ts"
import { readClassic } from "./thousandEyesClassic.ts"
import { readCustom } from "./thousandEyesCustom.ts"
import { type Options, toEvent } from "./thousandEyesEvent.ts"

export type { Options } from "./thousandEyesEvent.ts"
export { defaultViewsUrl, ViewsUrl } from "./viewLinks.ts"

/**
 * Reads a body that ThousandEyes posted, as parsed from its JSON by `parseJson`, which keeps every digit of an id. Never
 * throws.
 *
 * All that makes no difference to whether and when something is wrong may be
 * missing or odd; it is then left out.
 */
export const decode = (body: unknown, options: Options): Decoded => {
  const read = readBody(body)
  return read._tag === "Reported" ? { _tag: "Events", events: [toEvent(read, options)] } : read
}

const readBody = (body: unknown) => {
  if (Predicate.hasProperty(body, "eventType")) return readClassic(body)
  if (Predicate.hasProperty(body, "type") && Predicate.hasProperty(body, "alert")) return readCustom(body)
  return {
    _tag: "Unreadable",
    why: "the body: Expected an object with eventType and alert (webhook) or type and alert (custom webhook)"
  } as const
}
