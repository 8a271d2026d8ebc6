/**
 * What may be read of a text in which secrets stand, and of a request that carries them.
 */
import { Redacted, Schema } from "effect"
import type { HttpClientRequest } from "effect/http"

/** A service or a proxy may echo the request: what is secret in the settings is struck out before anyone reads it. */
export const strikeSecrets = (text: string, settings: unknown): string =>
  secretParts(settings).reduce((text, part) => text.replaceAll(part, "<redacted>"), text)

/** Every secret of the settings, longest first: whole, and for a URL its path and each longer part of that, too. */
const secretParts = (value: unknown): ReadonlyArray<string> => {
  const found = new Set<string>()
  const add = (text: string) => {
    if (text.length > 0) found.add(text).add(encodeURIComponent(text)).add(JSON.stringify(text).slice(1, -1))
  }
  const addSecret = (secret: string) => {
    add(secret)
    if (!URL.canParse(secret)) return
    const { pathname, search } = new URL(secret)
    for (const part of [pathname + search, pathname]) if (part.length > 1) add(part)
    for (const part of `${pathname}/${search}`.split(/[/?&=]/)) if (part.length >= 8) add(part)
  }
  const walk = (value: unknown, isSecret: boolean): void => {
    if (Redacted.isRedacted(value)) {
      walk(Redacted.value(value), true)
    } else if (typeof value === "object" && value !== null && !(value instanceof URL)) {
      Object.values(value).forEach((inner) => walk(inner, isSecret))
    } else if (isSecret) {
      addSecret(String(value))
    }
  }
  walk(value, false)
  return [...found].sort((a, b) => b.length - a.length)
}

/** A request as a person may see it. */
export const ShownRequest = Schema.Struct({
  method: Schema.String,
  url: Schema.String,
  headers: Schema.Record(Schema.String, Schema.String),
  /** Its text; absent if it has none, or none that is text. */
  body: Schema.optionalKey(Schema.String)
})
export type ShownRequest = typeof ShownRequest.Type

/** A request as it would go out with these settings, with every secret of them struck out, and without any credential. */
export const showRequest = (request: HttpClientRequest.HttpClientRequest, settings: unknown): ShownRequest => {
  const strike = (text: string) => strikeSecrets(text, settings)
  const url = new URL(request.url)
  for (const [name, value] of request.urlParams.params)
    url.searchParams.append(name, Redacted.isRedacted(value) ? "<redacted>" : value)
  const { body } = request
  const text = body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : undefined
  return {
    method: request.method,
    url: strike(url.href),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        credentials.test(name) ? "<redacted>" : strike(value)
      ])
    ),
    ...(text !== undefined && { body: strike(text) })
  }
}

/** Headers whose value may hold a secret in another form than that of the settings. */
const credentials = /^(authorization|proxy-authorization|cookie|x-api-key)$/i
