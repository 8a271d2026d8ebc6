/**
 * A shortcut: a transaction sends BEGIN, and the statements that only write, without waiting for their answers. The next
 * statement that reads, or COMMIT, waits for all of them and fails with the first failure.
 */
import { type PgClient, type PgConnection, PgPool } from "@effect/sql-pg"
import { Effect, Fiber, type Scope } from "effect"
import { SqlClient, type SqlConnection, SqlError } from "effect/sql"
import { Shortcuts } from "../domain/Shortcuts.ts"

/** Lets each connection have one user at a time, who may send before it was answered. */
export const exclusive = { multiplex: true, multiplexConcurrency: 1 }

/**
 * Lets the transactions of a client use connections of their own. `config` describes them, and is `exclusive`; `committed`
 * runs after each commit, with the number of rows that were inserted.
 */
export const pipelined = Effect.fnUntraced(function* (
  client: PgClient.PgClient,
  config: PgPool.Config,
  committed: (rows: number) => Effect.Effect<void>
): Effect.fn.Return<PgClient.PgClient, SqlError.SqlError, Scope.Scope> {
  const pool = yield* PgPool.make(config)
  const pipeline = Effect.gen(function* () {
    const connection = yield* pool.get
    return new Pipeline(connection, { invalidate: pool.invalidate(connection), mayPipeline: yield* Shortcuts })
  })
  const withTransaction = SqlClient.makeWithTransaction({
    transactionService: client.transactionService,
    spanAttributes: [],
    acquireConnection: (restore) => restore(pipeline),
    begin: on((pipeline) => pipeline.begin),
    savepoint: on((pipeline, id) => pipeline.savepoint(`SAVEPOINT effect_sql_${id}`)),
    releaseSavepoint: on((pipeline, id) => pipeline.executeRaw(`RELEASE SAVEPOINT effect_sql_${id}`)),
    rollbackSavepoint: on((pipeline, id) => pipeline.rollbackTo(`ROLLBACK TO SAVEPOINT effect_sql_${id}`)),
    commit: on((pipeline) =>
      Effect.andThen(
        pipeline.commit,
        Effect.suspend(() => committed(pipeline.inserted))
      )
    ),
    rollback: on((pipeline) => pipeline.rollback)
  })
  return Object.assign(client, { withTransaction })
})

type Answer<A> = Effect.Effect<A, SqlError.SqlError>

/** The connection of one transaction. */
class Pipeline implements SqlConnection.Connection {
  readonly #connection: PgConnection.PgConnection
  readonly #invalidate: Effect.Effect<void>
  /** Waits for the answers to all that was sent; fails with the first failure. */
  #answers: Answer<unknown> = Effect.void
  #mayPipeline: boolean
  /** Whether BEGIN was answered: without a transaction, a write would be committed by itself. */
  #isOpen = false
  /** How many rows were inserted. */
  inserted = 0
  #isInterrupted = false

  constructor(
    connection: PgConnection.PgConnection,
    options: { readonly invalidate: Effect.Effect<void>; readonly mayPipeline: boolean }
  ) {
    this.#connection = connection
    this.#invalidate = options.invalidate
    this.#mayPipeline = options.mayPipeline
  }

  get begin(): Answer<unknown> {
    return this.#mayPipeline ? this.#send(this.#connection.query("BEGIN")) : this.executeRaw("BEGIN")
  }

  /** A failure must be that of the part behind the savepoint: from here on each statement waits for its answer. */
  savepoint(sql: string): Answer<unknown> {
    this.#mayPipeline = false
    return this.executeRaw(sql)
  }

  get commit(): Answer<void> {
    return Effect.flatMap(this.executeRaw("COMMIT"), ({ command }) =>
      // PostgreSQL's answer to the COMMIT of a transaction that failed.
      command === "ROLLBACK" ? Effect.fail(rolledBack) : Effect.void
    )
  }

  rollbackTo(sql: string): Answer<unknown> {
    this.#answers = Effect.void
    return this.executeRaw(sql)
  }

  /** The server rolls back when the connection ends, too. */
  get rollback(): Effect.Effect<unknown> {
    // A server that does not answer would not answer ROLLBACK either.
    if (this.#isInterrupted) return this.#invalidate
    return Effect.catch(this.rollbackTo("ROLLBACK"), () => this.#invalidate)
  }

  execute(sql: string, params: ReadonlyArray<unknown>): Answer<ReadonlyArray<any>> {
    const query = Effect.tap(this.#connection.query(sql, params), ({ command, rowCount }) =>
      Effect.sync(() => {
        if (command === "INSERT") this.inserted += rowCount
      })
    )
    return this.#mayPipeline && this.#isOpen && onlyWrites(sql) ? Effect.as(this.#send(query), []) : this.#rows(query)
  }

  executeRaw(sql: string, params?: ReadonlyArray<unknown>) {
    return this.#answered(this.#connection.query(sql, params))
  }

  executeUnprepared(sql: string, params: ReadonlyArray<unknown>) {
    return this.#rows(this.#connection.query(sql, params, false))
  }

  executeValues(sql: string, params: ReadonlyArray<unknown>) {
    return this.#answered(this.#connection.queryValues(sql, params))
  }

  executeValuesUnprepared(sql: string, params: ReadonlyArray<unknown>) {
    return this.#answered(this.#connection.queryValues(sql, params, false))
  }

  executeStream(sql: string, params: ReadonlyArray<unknown>) {
    return this.#connection.stream(sql, params)
  }

  /** Sends a statement; returns an effect that waits for its answer and those before it. */
  #send<A>(query: Answer<A>): Effect.Effect<Answer<A>> {
    return Effect.map(Effect.forkDetach(Effect.exit(query), { startImmediately: true }), (fiber) => {
      const answer = Effect.andThen(this.#answers, Effect.flatten(Fiber.join(fiber)))
      this.#answers = answer
      return answer
    })
  }

  #answered<A>(query: Answer<A>): Answer<A> {
    return Effect.flatMap(this.#send(query), (answer) =>
      answer.pipe(
        Effect.tap(() =>
          Effect.sync(() => {
            this.#isOpen = true
            if (this.#answers === answer) this.#answers = Effect.void
          })
        ),
        Effect.onInterrupt(() => Effect.sync(() => (this.#isInterrupted = true)))
      )
    )
  }

  #rows(query: Answer<PgConnection.Result>): Answer<ReadonlyArray<any>> {
    return Effect.map(this.#answered(query), ({ rows }) => rows)
  }
}

/** The connection of each transaction is a pipeline. */
const on =
  (use: (pipeline: Pipeline, id: number) => Answer<unknown>) =>
  (connection: SqlConnection.Connection, about?: number | string): Answer<void> =>
    connection instanceof Pipeline
      ? Effect.asVoid(use(connection, typeof about === "number" ? about : 0))
      : Effect.die(new Error("A transaction on a connection of another client"))

/** Whether a statement returns no rows. */
const onlyWrites = (sql: string) => /^\s*(INSERT|UPDATE|DELETE)\b/.test(sql) && !/\bRETURNING\b/.test(sql)

const rolledBack = new SqlError.SqlError({
  reason: new SqlError.UnknownError({ cause: undefined, message: "COMMIT rolled back a failed transaction" })
})
