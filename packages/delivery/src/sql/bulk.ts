/**
 * Statements on many rows at once. The rows are one JSON parameter, so the statement is the same for any number of rows
 * and is prepared once.
 */
import { Effect } from "effect"
import type { SqlClient, SqlError, Statement } from "effect/sql"

type Sql = SqlClient.SqlClient

/** Values of a row by their columns; all rows of a statement have the same ones. */
export type Values = Readonly<Record<string, string | number | null>>

/** The most rows of one statement while alerts are accepted: more would block the event loop for too long. */
export const mostAtOnce = 256

/** Rows as a table to select from, for columns that the table has. */
export const given = (sql: Sql, table: string, rows: ReadonlyArray<Values>): Statement.Fragment => {
  const json = JSON.stringify(rows)
  const columns = Object.keys(rows[0] ?? {}).map((column) => `value->>'${column}' AS ${column}`)
  return sql.onDialectOrElse({
    pg: () => sql`json_populate_recordset(NULL::${sql.literal(table)}, ${json}::json)`,
    orElse: () => sql`(SELECT ${sql.literal(columns.join(", "))} FROM json_each(${json}))`
  })
}

/** Whether the column is one of the values. */
export const isOneOf = (sql: Sql, column: string, values: Iterable<string>): Statement.Fragment => {
  const json = JSON.stringify([...values])
  return sql.onDialectOrElse({
    pg: () => sql`${sql.literal(column)} IN (SELECT json_array_elements_text(${json}::json))`,
    orElse: () => sql`${sql.literal(column)} IN (SELECT value FROM json_each(${json}))`
  })
}

/** Inserts the rows, in their order. `computed` are expressions for further columns, over the columns of `given`. */
export const insertAll = (
  sql: Sql,
  table: string,
  rows: ReadonlyArray<Values>,
  {
    computed = {},
    onConflict = ""
  }: { readonly computed?: Readonly<Record<string, string>>; readonly onConflict?: string } = {}
): Effect.Effect<unknown, SqlError.SqlError> => {
  if (rows.length === 0) return Effect.void
  const columns = Object.keys(rows[0] ?? {})
  const into = sql.literal([...columns, ...Object.keys(computed)].join(", "))
  const selected = sql.literal([...columns.map((column) => `given.${column}`), ...Object.values(computed)].join(", "))
  return sql`INSERT INTO ${sql.literal(table)} (${into}) SELECT ${selected} FROM ${given(sql, table, rows)} AS given
    WHERE 1 = 1 ${sql.literal(onConflict)}`
}

/** Updates the rows with these ids. `computed` are expressions for further columns, over those of the table. */
export const updateAll = (
  sql: Sql,
  table: string,
  rows: ReadonlyArray<Values & { readonly id: string }>,
  { computed = {} }: { readonly computed?: Readonly<Record<string, string>> } = {}
): Effect.Effect<unknown, SqlError.SqlError> => {
  if (rows.length === 0) return Effect.void
  const columns = Object.keys(rows[0] ?? {}).filter((column) => column !== "id")
  const set = sql.literal(
    [
      ...columns.map((column) => `${column} = given.${column}`),
      ...Object.entries(computed).map(([column, expression]) => `${column} = ${expression}`)
    ].join(", ")
  )
  return sql`UPDATE ${sql.literal(table)} SET ${set} FROM ${given(sql, table, rows)} AS given
    WHERE ${sql.literal(table)}.id = given.id`
}
