/**
 * Pages of long tables, newest first, at a cost that does not grow with the table (case A).
 */
import { Effect } from "effect"
import type { SqlClient, SqlError, Statement } from "effect/sql"

/** The most rows that are counted. */
const maxCount = 10_000

/** One page of a list. */
export interface Page<Item> {
  readonly items: ReadonlyArray<Item>
  /** The total number of rows; 10,000 if there are `more`. */
  readonly total: number
  readonly more: boolean
  /** The `before` of the next page, if there is one. */
  readonly next: number | undefined
}

/** The rows to list: those of `table` that meet one of `branches`, which exclude one another. */
export interface List {
  readonly table: Statement.Fragment
  /** Each must be answered by an index in the order of `sequence`, or match few rows. */
  readonly branches: ReadonlyArray<Statement.Fragment>
  /** A stored count of all matching rows (`n`), if there is one. */
  readonly counted: Statement.Statement<{ readonly n: number }> | undefined
  readonly before: number | undefined
  readonly limit: number
}

/** The newest rows before a sequence number. */
export const page = Effect.fnUntraced(function* <Row extends { readonly sequence: number }>(
  sql: SqlClient.SqlClient,
  { before = Number.MAX_SAFE_INTEGER, branches, counted, limit, table }: List
): Effect.fn.Return<Page<Row>, SqlError.SqlError> {
  const all = (branch: (where: Statement.Fragment) => Statement.Fragment) =>
    sql.join(" UNION ALL ", false)(branches.map((where) => sql`SELECT * FROM (${branch(where)}) AS branch`))
  const [count] = yield* (
    counted ??
      sql<{ n: number }>`SELECT count(*) AS n FROM (${all(
        (where) => sql`SELECT sequence FROM ${table} AS one WHERE ${where} LIMIT ${maxCount + 1}`
      )}) AS found`
  )
  const rows = yield* sql<Row>`SELECT * FROM (${all(
    (where) => sql`SELECT * FROM ${table} AS one WHERE ${where} AND sequence < ${before}
      ORDER BY sequence DESC LIMIT ${limit + 1}`
  )}) AS found ORDER BY sequence DESC LIMIT ${limit + 1}`
  const items = rows.slice(0, limit)
  const n = count?.n ?? 0
  const more = counted === undefined && n > maxCount
  return { items, total: more ? maxCount : n, more, next: rows.length > limit ? items.at(-1)?.sequence : undefined }
})

/** Selects the rows that meet `where` before any other condition applies: for conditions that few rows meet. */
export const only = (sql: SqlClient.SqlClient, table: "alerts" | "deliveries", where: Statement.Fragment) =>
  sql`(WITH few AS MATERIALIZED (SELECT * FROM ${sql.literal(table)} WHERE ${where}) SELECT * FROM few)`
