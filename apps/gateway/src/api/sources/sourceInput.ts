/**
 * A configured source as it is entered, and as it is shown.
 */
import type { ConfiguredSource as SourceJson, InvalidRequest, SourcePayload } from "@tocsin/client"
import { ChannelPlugin } from "@tocsin/core"
import {
  type ConfiguredSource,
  fromIssue,
  hideSecrets,
  invalid,
  type SourceInput,
  type SourceOptions
} from "@tocsin/delivery"
import { decodeSettings, Json, type Source } from "@tocsin/sources"
import { DateTime, Effect, Option, Redacted, Schema } from "effect"
import { secretHashOf } from "../access/secretHash.ts"
import { toInvalidRequest } from "../body/toInvalidRequest.ts"

type Payload = typeof SourcePayload.Type

/** The header in which Grafana signs. */
const grafanaHeader = "X-Grafana-Alerting-Signature"

interface Context {
  readonly types: ReadonlyMap<string, Source>
  /** TOCSIN_TOKEN, which no source may have as well. */
  readonly token: Option.Option<Redacted.Redacted>
  /** The source of this name, if there is one. */
  readonly before: ConfiguredSource | undefined
}

/** Checks a source as it is entered, and completes it from the stored one. */
export const sourceInput = Effect.fnUntraced(function* (
  name: string,
  payload: Payload,
  { before, token, types }: Context
): Effect.fn.Return<Omit<SourceInput, "shown">, InvalidRequest> {
  yield* checkName(name, payload, types)
  const type = types.get(payload.type)
  if (type === undefined) return yield* refuse("/type", `one of ${[...types.keys()].toSorted().join(", ")}`)
  const timezone = payload.defaults?.timezone
  if (timezone !== undefined && Option.isNone(DateTime.zoneFromString(timezone))) {
    return yield* refuse("/defaults/timezone", "a time zone, such as Europe/Berlin or +01:00")
  }
  const settings = yield* settingsOf(type, payload, before)
  const isToken = (given: string | null | undefined) =>
    typeof given === "string" && Option.exists(token, (token) => Redacted.value(token) === given)
  for (const [path, given] of [
    ["/token", payload.token],
    ["/urlToken", payload.urlToken],
    ["/basic/password", payload.basic?.password]
  ] as const) {
    if (isToken(given)) return yield* refuse(path, "a credential of its own, not TOCSIN_TOKEN")
  }

  const kept = payload.basic === undefined ? before?.options.user : payload.basic?.user
  const password = payload.basic?.password
  if (
    payload.basic &&
    password === undefined &&
    (before?.options.user !== kept || !before?.credentials.includes("basic"))
  ) {
    return yield* refuse("/basic/password", "the password of this user")
  }
  const hmac = payload.hmac === undefined ? before?.secrets.hmac : (payload.hmac?.secret ?? before?.secrets.hmac)
  if (payload.hmac && hmac === undefined) return yield* refuse("/hmac/secret", "the secret of the signatures")
  const signature =
    payload.hmac === undefined
      ? before?.options.signature
      : payload.hmac === null
        ? undefined
        : {
            header: payload.hmac.header ?? grafanaHeader,
            ...(payload.hmac.timestampHeader !== undefined && { timestampHeader: payload.hmac.timestampHeader })
          }

  const changes = [
    { kind: "token" as const, given: payload.token },
    { kind: "urlToken" as const, given: payload.urlToken },
    {
      kind: "basic" as const,
      given: payload.basic === null ? null : password === undefined ? undefined : `${kept}:${password}`
    }
  ]
  const options: SourceOptions = {
    ...(payload.defaults && { defaults: payload.defaults }),
    ...(payload.expireAfter !== undefined && { expireAfter: payload.expireAfter }),
    ...(payload.expectEvery !== undefined && { expectEvery: payload.expectEvery }),
    ...(payload.rateLimit && { rateLimit: payload.rateLimit }),
    ...(kept !== undefined && { user: kept }),
    ...(signature && { signature })
  }
  return {
    name,
    type: payload.type,
    options,
    secrets: {
      ...(signature && hmac !== undefined && { hmac }),
      ...(settings !== undefined && { settings })
    },
    changedCredentials: changes.flatMap(({ given, kind }) => (given === undefined ? [] : [kind])),
    credentials: changes.flatMap(({ given, kind }) =>
      typeof given === "string" ? [{ kind, secretHash: secretHashOf(kind, Redacted.make(given)) }] : []
    )
  }
})

const refuse = (path: string, expected: string) => Effect.fail(toInvalidRequest(invalid(path, expected)))

const checkName = Effect.fnUntraced(function* (name: string, payload: Payload, types: Context["types"]) {
  if (payload.name !== undefined && payload.name !== name)
    return yield* refuse("/name", "the name of the path, or none")
  if (name === "unreadable" || name === "tocsin") {
    return yield* refuse("params:/name", "a name other than unreadable and tocsin")
  }
  if (types.has(name) && payload.type !== name) {
    return yield* refuse("/type", `${name}, because the source has the name of that type`)
  }
})

/** The settings as JSON, with the secrets that were left out and are stored. */
const settingsOf = Effect.fnUntraced(function* (type: Source, payload: Payload, before: ConfiguredSource | undefined) {
  const isJson = type.type === Json.type
  const [own, other] = isJson ? (["mapping", "settings"] as const) : (["settings", "mapping"] as const)
  if (payload[other] !== undefined) return yield* refuse(`/${other}`, `no field of this name for the type ${type.type}`)
  if (type.settings === undefined) {
    if (payload[own] !== undefined) return yield* refuse(`/${own}`, `nothing: the type ${type.type} has no settings`)
    return undefined
  }
  const stored = before?.type === payload.type ? before.secrets.settings : undefined
  const entered = payload[own] ?? {}
  const settings =
    isObject(entered) && isObject(stored)
      ? ChannelPlugin.secretPointers({ settings: type.settings }).reduce(
          (settings, pointer) => withKept(settings, stored, pointer.slice(1)),
          entered
        )
      : entered
  yield* Effect.mapError(decodeSettings(type, settings), ({ issue }) => toInvalidRequest(fromIssue(issue, `/${own}`)))
  return settings
})

type JsonObject = { readonly [key: string]: Schema.Json }

const isObject = (value: Schema.Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const withKept = (settings: JsonObject, stored: JsonObject, key: string): JsonObject => {
  const kept = stored[key]
  return settings[key] === undefined && kept !== undefined ? { ...settings, [key]: kept } : settings
}

/** A configured source without its secrets. */
export const shownSource = (
  { createdAt, credentials, name, options, secrets, type: typeName, updatedAt }: ConfiguredSource,
  { address, type }: { readonly address: string; readonly type: Source | undefined }
): typeof SourceJson.Type => {
  const { defaults, expectEvery, expireAfter, rateLimit, signature, user } = options
  const own = typeName === Json.type ? "mapping" : "settings"
  const shown =
    type?.settings !== undefined && isObject(secrets.settings)
      ? hideSecrets({ settings: type.settings }, secrets.settings)
      : undefined
  return {
    name,
    type: typeName,
    address,
    ...(defaults && { defaults }),
    ...(expireAfter !== undefined && { expireAfter }),
    ...(expectEvery !== undefined && { expectEvery }),
    ...(rateLimit && { rateLimit }),
    ...(user !== undefined && { basic: { user } }),
    ...(signature && { hmac: signature }),
    ...(shown && { [own]: shown.settings }),
    secretsSet: [
      ...["token", "urlToken"].filter((kind) => credentials.includes(kind)).map((kind) => `/${kind}`),
      ...(credentials.includes("basic") ? ["/basic/password"] : []),
      ...(secrets.hmac === undefined ? [] : ["/hmac/secret"]),
      ...(shown?.secretsSet ?? []).map((pointer) => `/${own}${pointer}`)
    ],
    createdAt: DateTime.makeUnsafe(createdAt),
    updatedAt: DateTime.makeUnsafe(updatedAt)
  }
}
