/**
 * Redacts secrets in texts and requests.
 */
import { Redacted, Result, Schema } from "effect"
import type { HttpClientRequest } from "effect/http"
import { encodedForms } from "./encodedForms.ts"

/** Redacts the secrets of the settings in a text, such as an answer that echoes the request. */
export const redactText = (text: string, settings: unknown): string =>
  partsOf(settings).reduce((text, part) => text.replaceAll(part, "<redacted>"), text)

/**
 * Whether a text contains a part of a secret, of eight characters or more: errors quote the beginning of the text they
 * read.
 */
export const quotesSecret = (text: string, settings: unknown): boolean =>
  partsOf(settings).some((part) =>
    Array.from({ length: part.length - 7 }, (_, at) => part.slice(at, at + 8)).some((piece) => text.includes(piece))
  )

const known = new WeakMap<object, ReadonlyArray<string>>()

/** Cached, because the parts are the same for every answer to an integration. */
const partsOf = (settings: unknown): ReadonlyArray<string> => {
  if (typeof settings !== "object" || settings === null) return secretParts(settings)
  const parts = known.get(settings) ?? secretParts(settings)
  known.set(settings, parts)
  return parts
}

/**
 * Every secret of the settings, longest first: as a whole, and for a URL also its path and each longer part of the
 * path.
 */
const secretParts = (value: unknown): ReadonlyArray<string> => {
  const found = new Set<string>()
  const add = (text: string) => {
    for (const form of encodedForms(text)) found.add(form)
  }
  const addSecret = (secret: string) => {
    add(secret)
    // A header's value, such as `Bearer ...`.
    const [, credential] = /^[A-Za-z-]+ +(\S{8,})$/.exec(secret) ?? []
    if (credential !== undefined) add(credential)
    // A list, such as of URLs.
    const items = secret.split(/[\s,]+/).filter((item) => URL.canParse(item))
    if (items.length > 1) items.forEach(addSecret)
    if (!URL.canParse(secret)) return
    const { hostname, password, pathname, protocol, search, username } = new URL(secret)
    // Other schemes than HTTP's may have a credential there.
    if (!/^https?:$/.test(protocol) && hostname.length >= 8) add(hostname)
    if (username !== "" || password !== "") {
      const [user, pass] = [percentDecoded(username), percentDecoded(password)]
      // As in Basic authentication.
      add(`${user}:${pass}`)
      add(pass === "" ? user : pass)
    }
    for (const part of [pathname + search, pathname]) if (part.length > 1) add(part)
    for (const part of `${pathname}/${search}`.split(/[/?&=]/)) {
      if (part.length < 8) continue
      add(part)
      add(percentDecoded(part))
    }
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

const percentDecoded = (text: string): string =>
  Result.getOrElse(
    Result.try(() => decodeURIComponent(text)),
    () => text
  )

/** A request without secrets, to show to people. */
export const ShownRequest = Schema.Struct({
  method: Schema.String,
  url: Schema.String,
  headers: Schema.Record(Schema.String, Schema.String),
  /** Its body; absent if it has none, or if it is not text. */
  body: Schema.optionalKey(Schema.String)
})
export type ShownRequest = typeof ShownRequest.Type

/** Converts a request to its shown form, with every secret of the settings redacted. */
export const showRequest = (request: HttpClientRequest.HttpClientRequest, settings: unknown): ShownRequest => {
  const strike = (text: string) => redactText(text, settings)
  const url = new URL(request.url)
  for (const [name, value] of request.urlParams.params)
    url.searchParams.append(name, Redacted.isRedacted(value) ? "<redacted>" : value)
  const { body } = request
  const text = body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : undefined
  return {
    method: request.method,
    url: strike(url.href),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, harmless.test(name) ? strike(value) : "<redacted>"])
    ),
    ...(text !== undefined && { body: strike(text) })
  }
}

/** Other headers may contain a secret in an unknown form, such as a user and a password combined. */
const harmless = /^(accept|content-length|content-type|user-agent)$/i
