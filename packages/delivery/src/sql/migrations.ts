/**
 * The tables of the store. Migrations only go forward; a released migration is never changed. Times are epoch
 * milliseconds, ids and JSON are text, flags are 0 or 1.
 */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { accessTables } from "./tables/accessTables.ts"
import { consoleTables } from "./tables/consoleTables.ts"
import * as Dialect from "./dialect.ts"
import { conversationsByKey, countedEvents, fewerIndexes, historyInDeliveries, netCounts } from "./tables/leanTables.ts"
import { partitionCount } from "./locks.ts"

const tables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const sequence = Dialect.sequence(sql)

  yield* sql`CREATE TABLE events (
    ${sequence},
    source text NOT NULL,
    event_id text,
    hash text NOT NULL,
    alert_id text NOT NULL,
    status text NOT NULL,
    note text,
    received_at bigint NOT NULL
  )`
  yield* sql`CREATE UNIQUE INDEX events_by_event_id ON events (source, event_id) WHERE event_id IS NOT NULL`
  yield* sql`CREATE INDEX events_by_alert ON events (alert_id)`

  yield* sql`CREATE TABLE unreadable (
    ${sequence},
    id text NOT NULL UNIQUE,
    source text NOT NULL,
    why text NOT NULL,
    body text NOT NULL,
    received_at bigint NOT NULL
  )`

  yield* sql`CREATE TABLE alerts (
    ${sequence},
    id text NOT NULL UNIQUE,
    source text NOT NULL,
    source_id text NOT NULL,
    episode integer NOT NULL,
    state text NOT NULL,
    severity text NOT NULL,
    raised_here integer NOT NULL,
    started_at bigint NOT NULL,
    cleared_at bigint,
    clear_time_stated integer NOT NULL,
    alert text NOT NULL,
    last_hash text NOT NULL,
    last_heard_at bigint NOT NULL,
    created_at bigint NOT NULL,
    UNIQUE (source, source_id, episode)
  )`
  yield* sql`CREATE INDEX alerts_by_state ON alerts (state, sequence)`

  yield* sql`CREATE TABLE rules (
    ${sequence},
    id text NOT NULL UNIQUE,
    rule text NOT NULL,
    deleted_at bigint,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
  )`

  yield* sql`CREATE TABLE integrations (
    ${sequence},
    id text NOT NULL UNIQUE,
    type text NOT NULL,
    name text NOT NULL,
    enabled integer NOT NULL,
    options text NOT NULL,
    sealed_settings text NOT NULL,
    settings_version integer NOT NULL,
    key_id text NOT NULL,
    broken_reason text,
    broken_since bigint,
    last_success_at bigint,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
  )`

  yield* sql`CREATE TABLE conversations (
    id text PRIMARY KEY NOT NULL,
    alert_id text NOT NULL REFERENCES alerts (id),
    integration_id text NOT NULL,
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
    UNIQUE (alert_id, integration_id)
  )`
  yield* sql`CREATE INDEX open_conversations ON conversations (integration_id) WHERE state = 'open'`

  yield* sql`CREATE TABLE deliveries (
    ${sequence},
    id text NOT NULL UNIQUE,
    conversation_id text NOT NULL REFERENCES conversations (id),
    alert_id text NOT NULL,
    integration_id text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    cause text,
    form text NOT NULL,
    attempts integer NOT NULL,
    unanswered integer NOT NULL,
    next_at bigint NOT NULL,
    severity text,
    text text,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
  )`
  yield* sql`CREATE INDEX open_deliveries ON deliveries (integration_id, sequence)
    WHERE status IN ('pending', 'retrying', 'sending', 'folded')`
  yield* sql`CREATE INDEX deliveries_by_conversation ON deliveries (conversation_id)`
  yield* sql`CREATE INDEX deliveries_by_alert ON deliveries (alert_id)`

  yield* sql`CREATE TABLE transitions (
    ${sequence},
    delivery_id text NOT NULL,
    status text NOT NULL,
    cause text,
    attempt integer,
    at bigint NOT NULL
  )`
  yield* sql`CREATE INDEX transitions_by_delivery ON transitions (delivery_id, sequence)`
})

const redelivery = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE deliveries ADD COLUMN redelivery_of text`
  yield* sql`CREATE INDEX dead_deliveries ON deliveries (sequence) WHERE status = 'dead'`
  yield* sql`ALTER TABLE unreadable ADD COLUMN from_address text`
  yield* sql`ALTER TABLE unreadable ADD COLUMN is_whole integer NOT NULL DEFAULT 1`
})

/** Tables whose rows are counted in another table, by some of their columns. */
export const kept = [
  { table: "alerts", counts: "alert_counts", columns: ["state"] },
  { table: "deliveries", counts: "delivery_counts", columns: ["integration_id", "status"] }
]

/** Sums up the counts. Must run now and then if many gateways write at once. */
export const sumUpCounts = Effect.forEach(kept, ({ columns, counts }) => Dialect.sumUp(counts, columns), {
  discard: true
})

/** Adds the tables and indexes for long lists, long backlogs and long edits. */
const atSize = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  // Edits that are not complete: how far each is, and for each alert the last edit that it was planned under (O6).
  yield* sql`CREATE TABLE edits (
    ${Dialect.sequence(sql)},
    edit text NOT NULL,
    reached bigint NOT NULL
  )`
  yield* sql`ALTER TABLE alerts ADD COLUMN planned_under bigint NOT NULL DEFAULT 0`

  yield* sql`DROP INDEX open_deliveries`
  yield* sql`DROP INDEX dead_deliveries`
  yield* sql`DROP INDEX open_conversations`
  yield* sql`CREATE INDEX conversations_by_integration ON conversations (integration_id)`
  yield* sql`CREATE INDEX retrying_deliveries ON deliveries (integration_id, next_at) WHERE status = 'retrying'`
  yield* sql`CREATE INDEX open_delivery_of_conversation ON deliveries (conversation_id)
    WHERE status IN ('pending', 'retrying', 'sending', 'folded')`
  yield* sql`CREATE INDEX deliveries_by_status ON deliveries (status, sequence)`
  yield* sql`CREATE INDEX deliveries_by_integration ON deliveries (integration_id, status, sequence)`
  yield* sql`CREATE INDEX deliveries_by_time ON deliveries (created_at, sequence)`
  yield* sql`CREATE INDEX alerts_by_source ON alerts (source, state, sequence)`
  yield* sql`CREATE INDEX alerts_by_source_id ON alerts (source_id)`
  yield* sql`CREATE INDEX alerts_by_last_heard ON alerts (state, last_heard_at, sequence)`
  yield* sql`CREATE INDEX events_with_id_by_time ON events (received_at) WHERE event_id IS NOT NULL`
  yield* sql`CREATE INDEX events_without_id_by_time ON events (received_at) WHERE event_id IS NULL`

  for (const { columns, counts, table } of kept) yield* Dialect.keepCounts(table, counts, columns)
})

/** Adds fallbacks, digests and notices: deliveries for another integration, about many alerts, or about none. */
const carriers = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE conversations ADD COLUMN diverted_to text`
  yield* sql`CREATE INDEX stand_ins ON conversations (stands_in_for, id) WHERE stands_in_for IS NOT NULL`
  yield* Dialect.dropNotNull("deliveries", ["conversation_id", "alert_id"])
  yield* sql`ALTER TABLE deliveries ADD COLUMN folded_into text`
  yield* sql`ALTER TABLE deliveries ADD COLUMN digest_key text`
  yield* sql`ALTER TABLE deliveries ADD COLUMN about text`
  yield* sql`ALTER TABLE deliveries ADD COLUMN notification text`
  yield* sql`CREATE INDEX folded_deliveries ON deliveries (folded_into, sequence) WHERE folded_into IS NOT NULL`
  yield* sql`CREATE UNIQUE INDEX digests_by_key ON deliveries (digest_key) WHERE digest_key IS NOT NULL`
  yield* sql`CREATE INDEX deliveries_of_no_alert ON deliveries (created_at, sequence) WHERE alert_id IS NULL`
  yield* sql`CREATE INDEX notices ON deliveries (about, sequence) WHERE about IS NOT NULL`
  yield* sql`UPDATE deliveries SET severity = (SELECT severity FROM alerts WHERE alerts.id = deliveries.alert_id)
    WHERE severity IS NULL`
  yield* sql`CREATE INDEX critical_deliveries ON deliveries (integration_id, sequence)
    WHERE severity = 'critical' AND status IN ('pending', 'retrying')`
})

/** Adds the tables for several gateways on one store: the owners of lanes, and the version of cached settings. */
const manyGateways = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE settings_version (version text NOT NULL)`
  yield* sql`INSERT INTO settings_version ${sql.insert({ version: "" })}`
  yield* sql`CREATE TABLE partitions (partition integer PRIMARY KEY NOT NULL, fence bigint NOT NULL)`
  for (let partition = 0; partition < partitionCount; partition++) {
    yield* sql`INSERT INTO partitions ${sql.insert({ partition, fence: 0 })}`
  }
  yield* sql`ALTER TABLE integrations ADD COLUMN partition integer`
})

/** Adds the columns that gateways show of other gateways' lanes, and those for moving an integration. */
const ofOthers = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE integrations ADD COLUMN budgets text`
  yield* sql`ALTER TABLE integrations ADD COLUMN waiting_because text`
  yield* sql`ALTER TABLE integrations ADD COLUMN waiting_until bigint`
  yield* sql`ALTER TABLE deliveries ADD COLUMN taken_under integer`
  yield* sql`UPDATE deliveries SET taken_under = (SELECT partition FROM integrations WHERE id = integration_id)
    WHERE status IN ('sending', 'folded')`
})

/** Adds the table for the test write that checks whether the disk has space again. */
const writeProbes = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE write_probes (data text NOT NULL)`
})

/** Adds the columns for partial results. */
const partialDeliveries = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE deliveries ADD COLUMN partial text`
  yield* sql`ALTER TABLE deliveries ADD COLUMN recipients text`
})

/** Adds the time when an alert expires unless its source repeats it, and the longest time between two repeats. */
const refreshes = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE alerts ADD COLUMN expires_at bigint`
  yield* sql`ALTER TABLE alerts ADD COLUMN refresh_gap bigint`
  yield* sql`CREATE INDEX expiring_alerts ON alerts (expires_at) WHERE state = 'raised' AND expires_at IS NOT NULL`
  yield* sql`CREATE INDEX refreshed_alerts ON alerts (source, last_heard_at) WHERE refresh_gap IS NOT NULL`
})

/** Adds the trace context of the request that caused a delivery, as a `traceparent`. */
const traces = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE deliveries ADD COLUMN trace text`
})

/** All migrations, by their number. */
export const migrations = {
  "1_tables": tables,
  "2_redelivery": redelivery,
  "3_at_size": atSize,
  "4_carriers": carriers,
  "5_many_gateways": manyGateways,
  "6_of_others": ofOthers,
  "7_write_probes": writeProbes,
  "8_console": consoleTables,
  "9_partial_deliveries": partialDeliveries,
  "10_refreshes": refreshes,
  "11_traces": traces,
  "12_access": accessTables,
  "13_fewer_indexes": fewerIndexes,
  "14_history_in_deliveries": historyInDeliveries,
  "15_net_counts": netCounts,
  "16_counted_events": countedEvents,
  "17_conversations_by_key": conversationsByKey
}
