/**
 * Reads settings as an operator enters them: adds the stored secrets and checks the result (cases S2, S3).
 */
import { Effect, Redacted, Schema } from "effect"
import { PluginRegistry, type InstalledChannel, type UnknownType } from "./PluginRegistry.ts"
import { Egress } from "@tocsin/core"
import { credentialsInUrls } from "./credentialsInUrls.ts"
import { fromIssue, InvalidInput, invalid, pluginFailed } from "./InvalidInput.ts"
import {
  keptSecrets,
  originOf,
  pointerTo,
  secretValues,
  withoutNullSecrets,
  withStoredSecrets
} from "./secretFields.ts"
import { type SettingsRow, settingsReader, type StoredSettings } from "./storedSettings.ts"
import type { IntegrationInput } from "../domain/integration.ts"

type JsonObject = { readonly [key: string]: Schema.Json }

/** Makes the functions that read entered settings. */
export const readSettingsInput = Effect.gen(function* () {
  const channels = yield* PluginRegistry
  const egress = yield* Egress
  const stored = yield* settingsReader

  /** Decodes the settings. Omitted secrets are taken from the stored row of the integration, if there is one. */
  const complete = Effect.fnUntraced(function* (input: IntegrationInput, before: SettingsRow | undefined) {
    const installed = yield* channels.get(input.type).pipe(Effect.mapError(unknownType))
    const usable =
      before === undefined || before.type !== input.type
        ? undefined
        : yield* Effect.orElseSucceed(stored(before), () => undefined)
    const settings = withoutNullSecrets(
      installed.plugin,
      withStoredSecrets(installed.plugin, input.settings, usable?.settings ?? {})
    )
    const secrets = secretValues(installed.plugin, settings)
    const decoded = yield* decodeSettings(installed, settings).pipe(
      Effect.mapError(({ issue }) => fromIssue(issue, "/settings", settings)),
      // A schema's own filter may throw.
      Effect.catchDefect((thrown) => Effect.fail(pluginFailed("settings", thrown, secrets)))
    )
    const encoded = decodeObject(
      JSON.stringify(
        yield* Schema.encodeUnknownEffect(Schema.toCodecJson(installed.plugin.settings))(decoded).pipe(
          Effect.orDie,
          Effect.catchDefect((thrown) => Effect.fail(pluginFailed("settings", thrown, secrets)))
        )
      )
    )
    const exposed = credentialsInUrls(encoded, secretValues(installed.plugin, encoded).map(Redacted.value))
    if (exposed.length > 0) return yield* shownCredentials(exposed)
    if (usable !== undefined) {
      const kept = keptSecrets(installed.plugin, {
        entered: input.settings,
        settings: encoded,
        stored: usable.settings
      })
      if (kept.length > 0) yield* checkUrl(usable, kept, decoded)
    }
    return { installed, decoded, settings: encoded }
  })

  /** Whether the row contains exactly these settings. */
  const isSealedIn = (row: SettingsRow, settings: JsonObject) =>
    stored(row).pipe(
      Effect.map((before) => JSON.stringify(before.settings) === JSON.stringify(settings)),
      Effect.orElseSucceed(() => false)
    )

  /** Refuses settings whose destination may not be called. */
  const checkDestination = Effect.fnUntraced(function* ({ decoded, installed, settings }: Entered) {
    const origin = originOf(yield* destination(installed.channel, decoded))
    yield* egress.check(origin).pipe(
      Effect.mapError(({ message }) => {
        const path = `/settings${pointerTo(settings, origin) ?? ""}`
        return invalid(path, "a destination that may be called", message)
      })
    )
  })

  return { complete, checkDestination, isSealedIn }
})

/** Valid settings of an installed plugin: decoded, and as JSON. */
interface Entered {
  readonly installed: InstalledChannel
  readonly decoded: unknown
  readonly settings: JsonObject
}

const decodeSettings = ({ plugin }: InstalledChannel, settings: Schema.Json) =>
  Schema.decodeUnknownEffect(Schema.toCodecJson(plugin.settings))(settings, {
    errors: "all",
    onExcessProperty: "error"
  })

const shownCredentials = (pointers: ReadonlyArray<string>) =>
  new InvalidInput({
    errors: pointers.map((pointer) => ({
      path: `/settings${pointer}`,
      expected: "a URL without a user or a password",
      message: "Answers show this URL, so it cannot hold a user or a password: remove them"
    }))
  })

/** Refuses to send a stored secret to a URL other than the one for which it was entered (S2). */
const checkUrl = Effect.fnUntraced(function* (
  { decoded: before, installed: { channel } }: StoredSettings,
  kept: ReadonlyArray<string>,
  decoded: unknown
) {
  if ((yield* destination(channel, before)).href === (yield* destination(channel, decoded)).href) return
  return yield* new InvalidInput({
    errors: kept.map((pointer) => ({
      path: `/settings${pointer}`,
      expected: "the secret again, because it would be sent to another URL",
      message: "Enter the secret again: the settings now point to another URL"
    }))
  })
})

/** The URL that settings point to, without its fragment. */
const destination = Effect.fnUntraced(function* (
  channel: InstalledChannel["channel"],
  settings: unknown
): Effect.fn.Return<URL, InvalidInput> {
  const address = yield* Effect.try({
    try: () => channel.destination(settings),
    catch: (thrown) => pluginFailed("destination", thrown, settings)
  })
  if (!URL.canParse(address)) {
    return yield* invalid(
      "/settings",
      "settings that lead to a service",
      "The plugin finds no address of a service in the settings. Check the settings that contain a URL or a host"
    )
  }
  const url = new URL(address)
  url.hash = ""
  return url
})

const unknownType = ({ installed }: UnknownType): InvalidInput =>
  invalid("/type", `one of the installed types: ${installed.join(", ")}`)

const decodeObject = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)))
