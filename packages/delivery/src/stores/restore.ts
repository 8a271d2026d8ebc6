/**
 * Prepares a store that was restored from a backup, so that nobody is notified twice.
 */
import { IntegrationId } from "@tocsin/core"
import { Clock, Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { writePause } from "../config/pauses.ts"
import { replyDeadline } from "../domain/failurePolicy.ts"
import { openStatus } from "../records/deliveryRow.ts"
import * as Dialect from "../sql/dialect.ts"
import { currentSchema, fillingTable, migrateTables, schemaVersion } from "../sql/migrate.ts"
import { BackupTaken } from "../sql/rewriting.ts"
import { mapOutages } from "../sql/StoreUnavailable.ts"

/** A backup cannot be restored; the message says why, and what to do. */
export class RestoreRefused extends Schema.TaggedError<RestoreRefused>()("RestoreRefused", {
  message: Schema.String
}) {}

/** An integration that was paused by a restore, or before. */
export interface HeldIntegration {
  readonly id: IntegrationId
  readonly name: string
  /** How many of its deliveries were open when the backup was made. */
  readonly open: number
}

/**
 * Checks a restored store, migrates its tables, and pauses every integration that has deliveries which were open when the
 * backup was made: they may have been sent since. An integration that was paused before keeps its reason. Returns the
 * integrations with open deliveries. No gateway may run on the store. `name` is the store's name for people.
 *
 * Fails with `RestoreRefused` if the store is damaged, contains no tables of Tocsin, was written by a later version, or is
 * in use; with `MigrationError` if a migration fails.
 */
export const holdRestored = Effect.fnUntraced(
  function* (name: string) {
    const sql = yield* SqlClient.SqlClient
    const refuse = (message: string) => Effect.fail(new RestoreRefused({ message }))
    const noGateway = Effect.filterOrFail(
      Dialect.keepGatewaysOff,
      (got) => got,
      () => new RestoreRefused({ message: `A gateway runs on ${name}. Stop it, then run this again.` })
    )
    // Migrations take the same locks, so they are released in between.
    yield* Effect.scoped(noGateway)
    const damage = yield* firstDamage
    if (damage !== undefined) return yield* refuse(`${name} is damaged: ${damage}. Restore another backup.`)
    const version = yield* schemaVersion
    if (version === 0) return yield* refuse(`${name} contains no Tocsin tables. Check its name.`)
    if (version > currentSchema()) {
      return yield* refuse(
        `${name} was written by a later version of Tocsin (schema ${version}, this one knows ${currentSchema()}). Restore it with that version.`
      )
    }
    if (yield* Dialect.hasTable(fillingTable)) {
      return yield* refuse(`${name} contains only a part of another store. Restore another backup.`)
    }
    yield* Effect.provideService(migrateTables, BackupTaken, true)
    yield* noGateway
    return yield* sql.withTransaction(
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        // A reply to a digest that has expired is never sent.
        const rows = yield* sql<{ id: string; name: string; paused_since: number | null; open: number }>`
          SELECT i.id, i.name, i.paused_since, count(*) AS open
          FROM integrations i JOIN deliveries d ON d.integration_id = i.id
          WHERE d.${sql.literal(openStatus)} AND NOT (d.kind = 'DigestList' AND d.created_at <= ${now - replyDeadline})
          GROUP BY i.id, i.name, i.paused_since, i.sequence ORDER BY i.sequence`
        const held = rows.map((row) => ({ ...row, id: IntegrationId.make(row.id), open: Number(row.open) }))
        for (const { id, open, paused_since } of held) {
          if (paused_since !== null) continue
          yield* writePause(id, { paused: true, by: "tocsin restore", reason: reasonOf(open) })
        }
        return held.map(({ id, name, open }): HeldIntegration => ({ id, name, open }))
      })
    )
  },
  Effect.scoped,
  mapOutages
)

const reasonOf = (open: number) =>
  open === 1
    ? "restored from a backup in which a delivery was open; it may have been sent since"
    : `restored from a backup in which ${open} deliveries were open; they may have been sent since`

/** What SQLite's own check of a file finds first; PostgreSQL restores rows, not files. */
const firstDamage = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  return yield* sql.onDialectOrElse({
    pg: () => Effect.undefined,
    orElse: () =>
      Effect.map(sql<{ quick_check: string }>`PRAGMA quick_check(1)`, ([row]) =>
        row === undefined || row.quick_check === "ok" ? undefined : row.quick_check
      )
  })
})
