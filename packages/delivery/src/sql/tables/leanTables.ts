/**
 * The migrations that make the tables lean: an alert writes less, and history takes less space.
 */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as Dialect from "../dialect.ts"

/**
 * Leaves `delivered`, the common end, out of the indexes by status: a delivery leaves them while their pages are few, and
 * enters another one once, in the order of the table. Drops what no statement needs. Gateways of the version before find their rows by these, too.
 */
export const fewerIndexes = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP INDEX deliveries_by_status`
  yield* sql`DROP INDEX deliveries_by_integration`
  yield* sql`CREATE INDEX undelivered ON deliveries (status, sequence) WHERE status <> 'delivered'`
  yield* sql`CREATE INDEX undelivered_by_integration ON deliveries (integration_id, status, sequence)
    WHERE status <> 'delivered'`
  yield* sql`CREATE INDEX delivered_by_integration ON deliveries (integration_id, sequence)
    WHERE status = 'delivered'`
  // A conversation has few deliveries, open or not.
  yield* sql`DROP INDEX open_delivery_of_conversation`
  yield* sql`DROP INDEX events_by_alert`
  yield* sql`CREATE INDEX notes_by_alert ON events (alert_id) WHERE note IS NOT NULL`
  yield* sql`DROP INDEX alerts_by_source_id`
  yield* sql`DROP INDEX stand_ins`
})

/** The indexes of deliveries. A conversation is an alert at an integration, so one index finds the deliveries of both. */
const indexesOfDeliveries = [
  "INDEX deliveries_by_conversation ON deliveries (alert_id, integration_id)",
  "INDEX deliveries_by_time ON deliveries (created_at, sequence)",
  "INDEX deliveries_of_no_alert ON deliveries (created_at, sequence) WHERE alert_id IS NULL",
  "INDEX notices ON deliveries (about, sequence) WHERE about IS NOT NULL",
  "INDEX folded_deliveries ON deliveries (folded_into, sequence) WHERE folded_into IS NOT NULL",
  "UNIQUE INDEX digests_by_key ON deliveries (digest_key) WHERE digest_key IS NOT NULL",
  "INDEX retrying_deliveries ON deliveries (integration_id, next_at) WHERE status = 'retrying'",
  `INDEX critical_deliveries ON deliveries (integration_id, sequence)
    WHERE severity = 'critical' AND status IN ('pending', 'retrying')`,
  "INDEX undelivered ON deliveries (status, sequence) WHERE status <> 'delivered'",
  `INDEX undelivered_by_integration ON deliveries (integration_id, status, sequence) WHERE status <> 'delivered'`,
  `INDEX delivered_by_integration ON deliveries (integration_id, sequence) WHERE status = 'delivered'`
]

/**
 * Moves the steps of each delivery from the table `transitions` to the column `deliveries.history`, and leaves out what is
 * no longer read. Writes every delivery again, and indexes them at the end.
 */
export const historyInDeliveries = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql.onDialectOrElse({ pg: () => rewritePostgres(sql), orElse: () => rewriteSqlite(sql) })
  yield* sql`DROP TABLE transitions`
  for (const index of indexesOfDeliveries) yield* sql.unsafe(`CREATE ${index}`)
})

const rewritePostgres = Effect.fnUntraced(function* (sql: SqlClient.SqlClient) {
  const indexes = yield* sql<{ name: string }>`SELECT indexname AS name FROM pg_indexes
    WHERE schemaname = current_schema() AND tablename = 'deliveries' AND indexname NOT IN ('deliveries_pkey', 'deliveries_id_key')`
  for (const { name } of indexes) yield* sql`DROP INDEX ${sql(name)}`
  yield* sql`ALTER TABLE deliveries DROP CONSTRAINT deliveries_conversation_id_fkey, DROP COLUMN unanswered,
    ADD COLUMN history text NOT NULL DEFAULT '[]'`
  // What has no step would have been made by hand: its status is its step.
  yield* sql`UPDATE deliveries SET history = json_build_array(json_build_array(status, updated_at, cause))::text
    WHERE NOT EXISTS (SELECT 1 FROM transitions WHERE delivery_id = deliveries.id)`
  yield* sql`UPDATE deliveries SET history = steps.history FROM (
      SELECT delivery_id, json_agg(json_build_array(status, at, cause, attempt) ORDER BY sequence)::text AS history
      FROM transitions GROUP BY delivery_id
    ) AS steps WHERE steps.delivery_id = deliveries.id`
  yield* sql`ALTER TABLE deliveries ALTER COLUMN history DROP DEFAULT`
})

const rewriteSqlite = Effect.fnUntraced(function* (sql: SqlClient.SqlClient) {
  const last = yield* Dialect.lastSequence("deliveries")
  // 64 MB, where 2 MB are usual: steps are found by an index.
  yield* sql`PRAGMA cache_size = -64000`
  yield* sql.unsafe(`CREATE TABLE deliveries_anew (
    sequence integer PRIMARY KEY AUTOINCREMENT,
    id text NOT NULL UNIQUE,
    conversation_id text,
    alert_id text,
    integration_id text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    cause text,
    form text NOT NULL,
    attempts integer NOT NULL,
    next_at bigint NOT NULL,
    severity text,
    text text,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    redelivery_of text,
    folded_into text,
    digest_key text,
    about text,
    notification text,
    taken_under integer,
    partial text,
    recipients text,
    link text,
    trace text,
    history text NOT NULL
  )`)
  const columns = `sequence, id, conversation_id, alert_id, integration_id, kind, status, cause, form, attempts, next_at,
    severity, text, created_at, updated_at, redelivery_of, folded_into, digest_key, about, notification, taken_under,
    partial, recipients, link, trace`
  yield* sql.unsafe(`INSERT INTO deliveries_anew (${columns}, history)
    SELECT ${columns}, coalesce((SELECT json_group_array(json_array(status, at, cause, attempt)) FROM (
      SELECT status, at, cause, attempt FROM transitions WHERE delivery_id = deliveries.id ORDER BY sequence)
      HAVING count(*) > 0), json_array(json_array(status, updated_at, cause)))
    FROM deliveries ORDER BY sequence`)
  const triggers = yield* sql<{ sql: string }>`SELECT sql FROM sqlite_master
    WHERE type = 'trigger' AND tbl_name = 'deliveries'`
  yield* sql`DROP TABLE deliveries`
  yield* sql`ALTER TABLE deliveries_anew RENAME TO deliveries`
  yield* Dialect.continueAfter("deliveries", last)
  for (const trigger of triggers) yield* sql.unsafe(trigger.sql)
  yield* sql`PRAGMA cache_size = -2000`
})

/**
 * Counts the events of each source by the hour, and keeps those events only that are read: by their ids, or for their notes.
 * Alerts are written in a shorter form from here on; what has the longer one stays.
 */
export const countedEvents = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const columns = "hour bigint NOT NULL, source text NOT NULL, n bigint NOT NULL, last_at bigint NOT NULL"
  yield* sql.onDialectOrElse({
    // Several rows for a source and hour, until they are summed up.
    pg: () =>
      Effect.andThen(
        sql.unsafe(`CREATE TABLE event_counts (${columns})`),
        sql`CREATE INDEX event_counts_by_hour ON event_counts (hour, source)`
      ),
    orElse: () => sql.unsafe(`CREATE TABLE event_counts (${columns}, PRIMARY KEY (hour, source)) WITHOUT ROWID`)
  })
  yield* sql`INSERT INTO event_counts
    SELECT received_at / 3600000 * 3600000 AS hour, source, count(*), max(received_at) FROM events
    WHERE received_at > (SELECT max(received_at) FROM events) - 86400000 AND status = 'accepted'
    GROUP BY 1, 2`
  yield* sql`DROP INDEX events_without_id_by_time`
  yield* sql`DELETE FROM events WHERE event_id IS NULL AND note IS NULL`
  yield* sql`CREATE INDEX events_without_id_by_time ON events (received_at) WHERE event_id IS NULL`
})

/**
 * Identifies a conversation by its alert and its integration. The ids of those before stay, because services know them by
 * these; new ones have none.
 */
export const conversationsByKey = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql.onDialectOrElse({
    pg: () => sql`ALTER TABLE conversations DROP CONSTRAINT conversations_pkey,
      DROP CONSTRAINT conversations_alert_id_integration_id_key, ALTER COLUMN id DROP NOT NULL,
      ADD PRIMARY KEY (alert_id, integration_id)`,
    orElse: () => rebuildConversations(sql)
  })
  yield* sql`ALTER TABLE deliveries DROP COLUMN conversation_id`
  // The status keeps a lane from reading the replies and test sends that have ended, at each of its steps.
  yield* sql`DROP INDEX notices`
  yield* sql`CREATE INDEX notices ON deliveries (about, status, sequence) WHERE about IS NOT NULL`
  // For queries of all integrations; with the second condition, those of one take the other index.
  yield* sql`DROP INDEX undelivered`
  yield* sql`CREATE INDEX undelivered ON deliveries (status, sequence) WHERE status <> 'delivered' AND sequence > 0`
})

const rebuildConversations = Effect.fnUntraced(function* (sql: SqlClient.SqlClient) {
  yield* sql.unsafe(`CREATE TABLE conversations_anew (
    alert_id text NOT NULL REFERENCES alerts (id),
    integration_id text NOT NULL,
    id text,
    state text NOT NULL,
    holders text NOT NULL,
    held_by text NOT NULL,
    closed_because text,
    closed_at bigint,
    last_word text,
    last_owed text,
    severity_told text,
    perhaps_told integer NOT NULL,
    receipt text,
    stands_in_for text,
    opened_at bigint NOT NULL,
    diverted_to text,
    PRIMARY KEY (alert_id, integration_id)
  ) WITHOUT ROWID`)
  yield* sql`INSERT INTO conversations_anew SELECT alert_id, integration_id, id, state, holders, held_by, closed_because,
    closed_at, last_word, last_owed, severity_told, perhaps_told, receipt, stands_in_for, opened_at, diverted_to
    FROM conversations ORDER BY alert_id, integration_id`
  yield* sql`DROP TABLE conversations`
  yield* sql`ALTER TABLE conversations_anew RENAME TO conversations`
  yield* sql`CREATE INDEX conversations_by_integration ON conversations (integration_id)`
})

/** Counts with one net change for each statement and key on PostgreSQL, where each change is a row. */
export const netCounts = Effect.forEach(
  [
    { table: "alerts", counts: "alert_counts", columns: ["state"] },
    { table: "deliveries", counts: "delivery_counts", columns: ["integration_id", "status"] }
  ],
  ({ columns, counts, table }) => Dialect.keepNetCounts(table, counts, columns),
  { discard: true }
)
