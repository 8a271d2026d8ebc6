import { readdirSync, readFileSync } from "node:fs"
import type { AlertEvent } from "@tocsin/core"
import { parseJson, ThousandEyes } from "@tocsin/sources"
import { DateTime, Effect, Schema } from "effect"

const folder = new URL("./fixtures/", import.meta.url)

/** The names of all bodies in `fixtures/`. */
export const names: ReadonlyArray<string> = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.replace(/\.json$/, ""))

const JsonObject = Schema.Record(Schema.String, Schema.Json)

/** The parsed body of that name. */
export const body = (name: string): { readonly [key: string]: Schema.Json } =>
  Schema.decodeUnknownSync(JsonObject)(parseJson(readFileSync(new URL(`${name}.json`, folder), "utf8")))

/** The body of that name, with other fields in its `alert`; `undefined` takes one away. */
export const altered = (name: string, fields: { readonly [key: string]: unknown }): unknown => {
  const { alert, ...rest } = body(name)
  const merged = { ...Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.Json))(alert), ...fields }
  return {
    ...rest,
    alert: Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined))
  }
}

/** The options that the tests decode with. */
export const options: ThousandEyes.Options = {
  source: "thousandeyes",
  settings: {},
  defaults: {},
  receivedAt: DateTime.makeUnsafe("2026-01-01T00:00:00Z")
}

const plainLinks = (links: AlertEvent["links"]) => ({
  ...links,
  ...(links.started && { started: links.started.href }),
  ...(links.cleared && { cleared: links.cleared.href }),
  ...(links.alert && { alert: links.alert.href })
})

/** An event with its times and links as texts, which a test can compare. */
const plain = ({ clearedAt, links, observations, startedAt, ...event }: AlertEvent) => ({
  ...event,
  startedAt: DateTime.formatIso(startedAt),
  ...(clearedAt && { clearedAt: DateTime.formatIso(clearedAt) }),
  observations: observations.map(({ link, ...observed }) => ({ ...observed, ...(link && { link: link.href }) })),
  links: plainLinks(links)
})

/** Decodes at once. */
export const decode = (body: unknown, given: ThousandEyes.Options = options) =>
  Effect.runSync(ThousandEyes.decode(body, given))

/** The only event of a body, with its times and links as texts. */
export const event = (body: unknown, more: Partial<ThousandEyes.Options> = {}) => {
  const decoded = decode(body, { ...options, ...more })
  const [first, ...others] = decoded._tag === "Events" ? decoded.events : []
  if (first === undefined || others.length > 0) throw new Error("not exactly one event")
  return plain(first)
}
