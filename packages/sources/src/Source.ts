/**
 * The contract of a source: a monitoring system with a format of its own.
 */
import type { Severity } from "@tocsin/core"
import { type DateTime, Effect, Schema } from "effect"
import type { Decoded } from "./Decoded.ts"

/** What alerts get that state none of their own. */
export interface Defaults {
  /** The severity of alerts without a known severity. `major` when absent. */
  readonly severity?: Severity
  /** Labels of every alert. A label of the same name that an alert states itself wins. */
  readonly labels?: { readonly [name: string]: string }
  /** The zone of times without a known zone: an IANA name or an offset. UTC when absent, or any other text. */
  readonly timezone?: string
}

/** The context of a body. */
export interface Options<out Settings = unknown> {
  /** The name of the source; it becomes the `source` of its alerts. `[a-z0-9-]{1,64}`. */
  readonly source: string
  /** The settings of the source, decoded by its schema; `undefined` if its type has none. */
  readonly settings: Settings
  readonly defaults: Defaults
  /** When the body arrived: the start of an alert that states none. */
  readonly receivedAt: DateTime.Utc
}

/** The parts of an HTTP request that a format may need. */
export interface Request {
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
  /** The body. */
  readonly text: string
}

/** A source: its type, its settings if it has any, and the decoder of its bodies. */
export interface Source<Settings = unknown> {
  /** Names the type in URLs, and the source's alerts unless it is configured under another name; `[a-z0-9-]{1,64}`. */
  readonly type: string
  /** Its name as its vendor spells it, such as `Alertmanager`. */
  readonly title: string
  /**
   * The schema of its settings, an object. Secrets are `Schema.Redacted`; every key has a `title` and a `description`
   * by `annotateKey`. When absent, the type has no settings. A type whose settings decode from `{}` can be used
   * without being configured.
   */
  readonly settings?: Schema.Codec<Settings, any>
  /** Settings as a person would enter them, as JSON, without a real secret. Required with `settings`. */
  readonly example?: { readonly [setting: string]: Schema.Json }
  /** The steps at the vendor's site to send alerts here: one sentence each, plain text. */
  readonly setup?: ReadonlyArray<string>
  /**
   * Reads a body, as parsed from its JSON by `parseJson`, which keeps every digit of an id.
   *
   * Never fails and has no effects: the same body with the same options has the same result. Yields to other fibers
   * after about 1,000 values of a long list. Fields that decide neither the state nor the times of an alert may be
   * missing or malformed. Texts that are too long are cut.
   */
  decode(body: unknown, options: Options<Settings>): Effect.Effect<Decoded>
  /**
   * Converts a request to the JSON text to decode. Only for formats that use headers; when absent, the body is decoded.
   */
  toJson?(request: Request): string
}

/** Declares a source, with the type of its settings inferred from their schema. */
export const defineSource = <Settings = undefined>(source: Source<Settings>): Source<Settings> => source

/**
 * Decodes settings of a source from their JSON, for `Options.settings`. Fails with the place of every mistake; a setting
 * that the source does not have is one. Returns undefined if the source has no settings.
 */
export const decodeSettings = (source: Source, json: unknown): Effect.Effect<unknown, Schema.SchemaError> =>
  source.settings === undefined
    ? Effect.undefined
    : Schema.decodeUnknownEffect(Schema.toCodecJson(source.settings), strictly)(json)

/** Whether a source can be used without being configured: it has no settings, or all of them may be left out. */
export const needsNoSettings = (source: Source): boolean =>
  source.settings === undefined || Schema.is(Schema.toEncoded(Schema.toCodecJson(source.settings)))({})

const strictly = { errors: "all", onExcessProperty: "error" } as const
