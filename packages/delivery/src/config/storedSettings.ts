/**
 * Reads the stored settings of an integration: opens the seal, and migrates them to the version of the installed
 * plugin.
 */
import { Effect, Schema, type SchemaIssue } from "effect"
import { fromIssue } from "./InvalidInput.ts"
import { PluginRegistry, type InstalledChannel } from "./PluginRegistry.ts"
import { Seal } from "./Seal.ts"

type JsonObject = { readonly [key: string]: Schema.Json }

/** The stored integration cannot be used. `detail` has the reason and a remedy. */
export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", { detail: Schema.String }) {}

/** Stored settings that can be used. */
export interface StoredSettings {
  readonly installed: InstalledChannel
  /** As JSON, in the version of the installed plugin. */
  readonly settings: JsonObject
  readonly decoded: unknown
}

/** The columns of an integration that concern its settings. */
export interface SettingsRow {
  readonly id: string
  readonly type: string
  readonly sealed_settings: string
  readonly settings_version: number
  readonly key_id: string
}

/** Makes the function that reads the settings of a row. */
export const settingsReader = Effect.gen(function* () {
  const channels = yield* PluginRegistry
  const seal = yield* Seal

  return Effect.fnUntraced(
    function* (row: SettingsRow): Effect.fn.Return<StoredSettings, NotReady> {
      const installed = yield* channels.get(row.type).pipe(
        Effect.mapError(
          () =>
            new NotReady({
              detail: `No plugin for the type ${row.type} is installed. Install it again, or replace the integration`
            })
        )
      )
      const { migrate, settingsVersion } = installed.plugin
      const version = row.settings_version
      if (version > settingsVersion) {
        return yield* new NotReady({
          detail: `The settings were saved by a newer plugin (settings version ${version}, installed is ${settingsVersion}). Install that plugin, or enter the settings again`
        })
      }
      const text = yield* seal
        .open(row.sealed_settings, row.id, row.key_id)
        .pipe(Effect.mapError(({ detail }) => new NotReady({ detail })))
      const stored = decodeObject(text)
      // Errors of a plugin or a decoder are dropped: they may contain settings.
      const settings = yield* Effect.try({
        try: () =>
          version === settingsVersion || migrate === undefined
            ? stored
            : toObject(migrate({ version, settings: stored })),
        catch: () => notValid(version, settingsVersion)
      })
      const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(installed.plugin.settings))(settings, {
        // An unknown field may be a secret of an older version, and would be shown.
        onExcessProperty: "error"
      }).pipe(Effect.mapError(({ issue }) => notValid(version, settingsVersion, wrongFields(issue))))
      return { installed, settings, decoded }
    },
    // A schema's own filter or a plugin's getter may throw.
    Effect.catchDefect(
      () => new NotReady({ detail: "The plugin failed to read the stored settings. Enter them again" })
    )
  )
})

const notValid = (version: number, settingsVersion: number, fields: ReadonlyArray<string> = []): NotReady => {
  const at = fields.length === 0 ? "" : `, at ${fields.join(", ")}`
  return new NotReady({
    detail:
      version === settingsVersion
        ? `The stored settings are not valid for the installed plugin${at}. Enter them again`
        : `The stored settings, of version ${version}, could not be brought to version ${settingsVersion} of the installed plugin${at}. Enter them again`
  })
}

/** The names of the invalid settings, without their values. */
const wrongFields = (issue: SchemaIssue.Issue): ReadonlyArray<string> => [
  ...new Set(fromIssue(issue).errors.flatMap(({ path }) => path.split("/").slice(1, 2)))
]

const JsonObject = Schema.Record(Schema.String, Schema.Json)
const toObject = Schema.decodeUnknownSync(JsonObject)
const decodeObject = Schema.decodeUnknownSync(Schema.fromJsonString(JsonObject))
