/**
 * The row of a configured source in the table `sources`.
 */
import { Severity } from "@tocsin/core"
import { Schema } from "effect"

/** The options of a source that are no secrets; times in seconds. */
export const SourceOptions = Schema.Struct({
  /** What alerts get that state none of their own. */
  defaults: Schema.optionalKey(
    Schema.Struct({
      severity: Schema.optionalKey(Severity),
      labels: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
      timezone: Schema.optionalKey(Schema.String)
    })
  ),
  /** An alert that the source does not repeat for this long expires. */
  expireAfter: Schema.optionalKey(Schema.Int),
  /** An alert is raised when nothing came from the source for this long. */
  expectEvery: Schema.optionalKey(Schema.Int),
  rateLimit: Schema.optionalKey(Schema.Struct({ messages: Schema.Int, perSeconds: Schema.Int })),
  /** The user of the source's Basic authentication. */
  user: Schema.optionalKey(Schema.String),
  /** The headers of the source's signature. */
  signature: Schema.optionalKey(
    Schema.Struct({ header: Schema.String, timestampHeader: Schema.optionalKey(Schema.String) })
  )
})
export type SourceOptions = typeof SourceOptions.Type

/** What is sealed of a source. */
export const SourceSecrets = Schema.Struct({
  /** The secret of the source's signatures. */
  hmac: Schema.optionalKey(Schema.String),
  /** The settings of its type, as JSON. */
  settings: Schema.optionalKey(Schema.Json)
})
export type SourceSecrets = typeof SourceSecrets.Type

/** A configured source; times are epoch milliseconds. */
export interface ConfiguredSource {
  /** Its place in the order of creation. */
  readonly sequence: number
  readonly name: string
  readonly type: string
  readonly options: SourceOptions
  /** Never shown. */
  readonly secrets: SourceSecrets
  /** The forms of its credentials that are stored as hashes. */
  readonly credentials: ReadonlyArray<string>
  /** When a request of it was last accepted, to 15 seconds; only while it is expected regularly. */
  readonly lastHeardAt: number | undefined
  readonly createdAt: number
  readonly updatedAt: number
}

/** A row of the table `sources`. */
export interface Row {
  readonly sequence: number
  readonly name: string
  readonly type: string
  readonly options: string
  readonly sealed_secret: string | null
  readonly key_id: string | null
  readonly last_heard_at: number | null
  readonly created_at: number
  readonly updated_at: number
}

const OptionsJson = Schema.fromJsonString(SourceOptions)
const SecretsJson = Schema.fromJsonString(SourceSecrets)

/** The column `options`. */
export const encodeOptions = Schema.encodeSync(OptionsJson)
export const decodeOptions = Schema.decodeSync(OptionsJson)

/** The text that is sealed in the column `sealed_secret`. */
export const encodeSecrets = Schema.encodeSync(SecretsJson)
export const decodeSecrets = Schema.decodeSync(SecretsJson)
