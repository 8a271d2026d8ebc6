/**
 * The store on PostgreSQL, for one or several gateways.
 */
import { PgClient, type PgPool, PgTypes } from "@effect/sql-pg"
import { Clock, Context, Duration, Effect, Layer, Redacted, Result, Schema } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, SqlError } from "effect/sql"
import { Peers } from "../cluster/Peers.ts"
import { groupsAtOnce } from "../sql/dialect.ts"
import { Backups } from "./Backups.ts"
import { compileAnew } from "./compileAnew.ts"
import { exclusive, pipelined } from "./pipelining.ts"
import { keepStatistics } from "./statistics.ts"
import { negotiate, waysToConnect } from "./postgresTls.ts"
import { peersOn, type Session } from "../cluster/postgresPeers.ts"

/** The database is set up unsuitably; the message says what to change. */
export class PostgresRefused extends Schema.TaggedError<PostgresRefused>()("PostgresRefused", {
  message: Schema.String
}) {}

/** The oldest supported major version. */
const oldest = 15

/** Connections of a gateway beside those of its transactions: three listen, the others read. */
const maxConnections = 7

/** The statement timeout: longer than any statement of Tocsin takes unless it is stuck. */
const statementTimeout = "10s"

/** How long a gateway that stops in the middle of a transaction can block the others. */
const idleInTransaction = "3s"

/**
 * The store in the database of a `postgres://` URL, for any number of gateways.
 *
 * Every commit is on the disk before it returns (`synchronous_commit=on`). A gateway takes up to ten connections. It
 * must connect to the database directly, without a pooler, because partitions are owned by session locks.
 */
export const layer = (
  url: Redacted.Redacted,
  settings?: Pick<PgClient.PgClientConfig, "stream">
): Layer.Layer<SqlClient.SqlClient | Peers | Backups, SqlError.SqlError | PostgresRefused> =>
  Layer.effectContext(
    Effect.gen(function* () {
      // Network timeouts need the real clock, also in tests.
      const clock = Clock.Clock.defaultValue()
      const ways = yield* Effect.mapError(
        Effect.fromResult(waysToConnect(Redacted.value(url))),
        (message) => new PostgresRefused({ message })
      )
      const tls = negotiate(ways)
      const session = tls.connect((ssl) => one({ ...connection(url), ...settings, ssl }))
      // Runs before the pool opens connections, because the pool tries only one way.
      if (ways.length > 1) yield* Effect.scoped(session)
      const pooled = (more: Partial<PgPool.Config>) => ({
        ...connection(url),
        ...settings,
        ...more,
        get ssl() {
          return tls.current()
        }
      })
      const client = yield* PgClient.make(pooled({ maxConnections })).pipe(
        Effect.flatMap((client) =>
          pipelined(client, pooled(ofTransactions(url, groupsAtOnce(client))), keepStatistics(client))
        ),
        Effect.provideService(Clock.Clock, clock)
      )
      yield* check(client, session)
      return Context.make(SqlClient.SqlClient, compileAnew(client)).pipe(
        Context.add(Backups, Backups.none),
        Context.add(Peers, yield* peersOn(client, session, clock))
      )
    })
  ).pipe(Layer.provide(Reactivity.layer))

const connection = (url: Redacted.Redacted) => ({
  url,
  applicationName: "tocsin",
  connectTimeout: Duration.seconds(5),
  keepAlive: Duration.seconds(5),
  preparedStatementCacheSize: 500,
  types: types(),
  startupParameters: {
    synchronous_commit: "on",
    statement_timeout: statementTimeout,
    ...plans,
    idle_in_transaction_session_timeout: idleInTransaction
  }
})

/**
 * Plans that are right however long the tables are, so that each statement is planned once for a session and not each time.
 * Statements receive their rows as JSON, of which PostgreSQL guesses that there are 100, and its statistics are of an hour
 * when tables were empty, or all was delivered: it would read tables whole to find ten rows, or begin with the wrong one.
 * So tables are joined in the order of the statement, as SQLite does, and read by their indexes, row by row.
 */
const plans = {
  join_collapse_limit: "1",
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  enable_material: "off",
  random_page_cost: "1.1"
}

/**
 * The connections of transactions. Their plans depend on no value, so each session makes each plan once: PostgreSQL would
 * make five to compare with it, and make some anew each time.
 */
const ofTransactions = (url: Redacted.Redacted, maxConnections: number) => ({
  ...exclusive,
  maxConnections,
  startupParameters: { ...connection(url).startupParameters, plan_cache_mode: "force_generic_plan" }
})

/** Opens a separate session, which the server ends when it is idle. */
const one = (config: ReturnType<typeof connection> & PgClient.PgClientConfig) =>
  PgClient.makeClient({
    ...config,
    startupParameters: { ...config.startupParameters, idle_session_timeout: idleInTransaction }
  }).pipe(Effect.provide(Reactivity.layer))

/** Decodes integers as numbers: times, counts and sequences are all exact as numbers. */
const types = () => {
  const registry = PgTypes.makeRegistry()
  for (const oid of [PgTypes.OID.int8, PgTypes.OID.numeric]) {
    registry.register<number>(oid, {
      encode: (value) => PgTypes.encode(oid === PgTypes.OID.int8 ? BigInt(value) : String(value), oid),
      decode: (bytes) => Result.map(PgTypes.decode(bytes, oid, 1), Number)
    })
  }
  return registry
}

/** Refuses at the start a database that would lose or duplicate alerts later. */
const check = Effect.fnUntraced(function* (client: PgClient.PgClient, session: Session) {
  const [server] = yield* client<{ version: number; standby: boolean; read_only: string; may_create: boolean }>`
    SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS standby,
      current_setting('transaction_read_only') AS read_only,
      has_schema_privilege(current_schema(), 'CREATE') AS may_create`
  if (server === undefined) return
  if (server.version < oldest * 10_000) {
    return yield* new PostgresRefused({
      message: `The database is PostgreSQL ${Math.floor(server.version / 10_000)}: Tocsin needs PostgreSQL ${oldest} or later.`
    })
  }
  if (server.standby || server.read_only === "on") {
    return yield* new PostgresRefused({
      message: "The database is a read-only standby: point its URL to the primary, such as by a name that follows it."
    })
  }
  if (!server.may_create) {
    return yield* new PostgresRefused({
      message:
        "The user of the database's URL may not create tables: make it the owner of the database, or GRANT CREATE ON SCHEMA public to it."
    })
  }
  if (!(yield* Effect.scoped(keepsItsSession(session)))) {
    return yield* new PostgresRefused({
      message:
        "A connection pooler is in front of the database and changes its sessions: point the URL to PostgreSQL itself."
    })
  }
})

/**
 * Whether a session belongs to this gateway alone and keeps its settings, which is not the case with a connection
 * pooler.
 */
const keepsItsSession = Effect.fnUntraced(function* (session: Session) {
  const [first, second] = yield* Effect.all([session, session])
  const seen = (session: PgClient.PgClient) =>
    Effect.map(
      session<{ pid: number; timeout: string; sync: string }>`SELECT pg_backend_pid() AS pid,
        current_setting('idle_session_timeout') AS timeout, current_setting('synchronous_commit') AS sync`,
      ([row]) => row
    )
  const before = yield* seen(first)
  // Alternately: a pooler in transaction mode gives both the same session.
  const other = yield* seen(second)
  const after = yield* seen(first)
  return (
    before?.pid !== other?.pid &&
    before?.pid === after?.pid &&
    before?.timeout === idleInTransaction &&
    before.sync === "on"
  )
})
