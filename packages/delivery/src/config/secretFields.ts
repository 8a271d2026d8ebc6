/**
 * The secrets in a plugin's settings as JSON: leaves them out of responses, and keeps the stored ones when a
 * replacement omits them (case S2).
 */
import { ChannelPlugin } from "@tocsin/core"
import { Equal, Redacted, type Schema } from "effect"
import { pointer } from "./InvalidInput.ts"

type JsonObject = { readonly [key: string]: Schema.Json }

/** Returns the settings without their secrets, and the pointers of the secrets that are set. */
export const hideSecrets = (
  plugin: Pick<ChannelPlugin.Any, "settings">,
  settings: JsonObject
): { readonly settings: JsonObject; readonly secretsSet: ReadonlyArray<string> } => {
  const secretsSet = ChannelPlugin.secretPointers(plugin).filter((pointer) => valueAt(settings, pointer) !== undefined)
  return {
    settings: secretsSet.reduce((settings, pointer) => replaceAt(settings, keys(pointer), undefined), settings),
    secretsSet
  }
}

/**
 * Adds the secrets that the settings omit from `stored`. Does not add a group that is omitted as a whole, or the
 * secrets of another form of the settings, such as a webhook's URL if a bot's token is entered now.
 */
export const withStoredSecrets = (plugin: ChannelPlugin.Any, settings: JsonObject, stored: JsonObject): JsonObject =>
  ChannelPlugin.secretsInCommon(plugin, stored, settings).reduce((settings, pointer) => {
    const kept = valueAt(stored, pointer)
    const group = valueAt(settings, pointer.slice(0, pointer.lastIndexOf("/")))
    return isObject(group) && valueAt(settings, pointer) === undefined && kept !== undefined
      ? replaceAt(settings, keys(pointer), kept)
      : settings
  }, settings)

/** Returns the settings without the secrets that are null: null removes a stored secret. */
export const withoutNullSecrets = (plugin: ChannelPlugin.Any, settings: JsonObject): JsonObject =>
  ChannelPlugin.secretPointers(plugin).reduce(
    (settings, pointer) =>
      valueAt(settings, pointer) === null ? replaceAt(settings, keys(pointer), undefined) : settings,
    settings
  )

/** Returns the pointers of the secrets in `settings` that were taken from `stored` instead of entered. */
export const keptSecrets = (
  plugin: ChannelPlugin.Any,
  {
    entered,
    settings,
    stored
  }: { readonly entered: JsonObject; readonly settings: JsonObject; readonly stored: JsonObject }
): ReadonlyArray<string> =>
  ChannelPlugin.secretPointers(plugin).filter((pointer) => {
    const value = valueAt(settings, pointer)
    return (
      value !== undefined && Equal.equals(value, valueAt(stored, pointer)) && valueAt(entered, pointer) === undefined
    )
  })

/** The secrets in settings that are not decoded yet, as `Redacted`, to redact them in texts. */
export const secretValues = (
  plugin: ChannelPlugin.Any,
  settings: JsonObject
): ReadonlyArray<Redacted.Redacted<Schema.Json>> =>
  ChannelPlugin.secretPointers(plugin).flatMap((pointer) => {
    const value = valueAt(settings, pointer)
    return value === undefined ? [] : [Redacted.make(value)]
  })

/** The scheme, host and port of a URL, even if its scheme has no web origin, such as `tls://irc.example.net:6697`. */
export const originOf = ({ host, protocol }: URL): string => `${protocol}//${host}`

/** Returns the pointer of the first setting that is a URL with this origin. */
export const pointerTo = (settings: Schema.Json, origin: string, at = ""): string | undefined => {
  if (typeof settings === "string")
    return URL.canParse(settings) && originOf(new URL(settings)) === origin ? at : undefined
  if (!isObject(settings)) return undefined
  for (const [key, value] of Object.entries(settings)) {
    const found = pointerTo(value, origin, at + pointer([key]))
    if (found !== undefined) return found
  }
  return undefined
}

const valueAt = (settings: Schema.Json, pointer: string): Schema.Json | undefined => {
  let value: Schema.Json | undefined = settings
  for (const key of keys(pointer)) {
    value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
  }
  return value
}

const replaceAt = (
  settings: JsonObject,
  [key, ...rest]: ReadonlyArray<string>,
  value: Schema.Json | undefined
): JsonObject => {
  if (key === undefined) return isObject(value) ? value : {}
  const { [key]: old, ...others } = settings
  const inner = rest.length === 0 ? value : replaceAt(isObject(old) ? old : {}, rest, value)
  return inner === undefined ? others : { ...others, [key]: inner }
}

const isObject = (value: Schema.Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const keys = (pointer: string) =>
  pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"))
