/**
 * An alert as the table `alerts` stores it: some of it in columns, and the rest as JSON in the column `alert`.
 */
import { Alert, type AlertId, type Severity } from "@tocsin/core"
import { DateTime, Schema, Struct } from "effect"
import { jsonEncoder } from "../domain/plainCodec.ts"
import { memoize } from "../sql/memoize.ts"

/** The columns of the table `alerts` that are read with an alert. */
export interface Row {
  readonly sequence: number
  readonly id: AlertId
  readonly source: string
  readonly source_id: string
  readonly episode: number
  readonly state: Alert["state"]
  readonly severity: Severity
  readonly started_at: number
  readonly cleared_at: number | null
  readonly alert: string
  readonly raised_here: number
  readonly clear_time_stated: number
  readonly last_hash: string
  readonly planned_under: number
}

/** The columns of an episode that its alert does not have. */
type OfEpisode = "sequence" | "raised_here" | "clear_time_stated" | "last_hash" | "planned_under"

/** The fields of an alert that have a column. */
export const toColumns = (alert: Alert) => ({
  id: alert.id,
  source: alert.source,
  source_id: alert.sourceId,
  episode: alert.episode,
  state: alert.state,
  severity: alert.severity,
  started_at: alert.startedAt.epochMilliseconds,
  cleared_at: alert.clearedAt?.epochMilliseconds ?? null
})

/** Versions before schema 16 stored the fields that have a column here, too. */
const Others = Schema.Struct(
  Struct.omit(Alert.fields, ["id", "source", "sourceId", "episode", "state", "severity", "startedAt", "clearedAt"])
)

/** Encodes the fields of an alert that have no column. */
export const encodeOthers = jsonEncoder(Others)

/** Memoized, because an alert is read twice for each of its messages. */
const decodeOthers = memoize(Schema.decodeSync(Schema.fromJsonString(Schema.toCodecJson(Others))))

/** Converts a row to an alert. */
export const fromRow = (row: Omit<Row, OfEpisode>): Alert => ({
  ...decodeOthers(row.alert),
  id: row.id,
  source: row.source,
  sourceId: row.source_id,
  episode: row.episode,
  state: row.state,
  severity: row.severity,
  startedAt: DateTime.makeUnsafe(row.started_at),
  ...(row.cleared_at !== null && { clearedAt: DateTime.makeUnsafe(row.cleared_at) })
})
