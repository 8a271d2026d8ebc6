/**
 * Statements on many rows at once. The rows are one JSON parameter, so the statement is the same for any number of rows
 * and is prepared once. SQLite is given the values of up to 256 rows, because it takes four times as long to find them in JSON.
 */
import { Effect } from "effect"
import { type SqlClient, type SqlError, Statement } from "effect/sql"

type Sql = SqlClient.SqlClient

/** Values of a row by their columns; all rows of a statement have the same ones. */
export type Values = Readonly<Record<string, string | number | null>>

/**
 * The most alerts that a statement stores or claims: more would block the event loop for too long. Also the most rows whose
 * values are bound.
 */
export const mostAtOnce = 256

/** Rows as a table to select from, for columns that the table has. */
export const given = (sql: Sql, table: string, rows: ReadonlyArray<Values>): Statement.Fragment => {
  return sql.onDialectOrElse({
    pg: () => sql`json_populate_recordset(NULL::${sql.literal(table)}, ${JSON.stringify(rows)}::json)`,
    orElse: () => onSqlite(sql, Object.keys(rows[0] ?? {}), rows)
  })
}

/** Rows as a table to select from, for columns of these types. */
export const givenAs = (
  sql: Sql,
  types: Readonly<Record<string, "text" | "bigint">>,
  rows: ReadonlyArray<Values>
): Statement.Fragment => {
  const columns = Object.entries(types)
  return sql.onDialectOrElse({
    pg: () =>
      sql`json_to_recordset(${JSON.stringify(rows)}::json) AS given(${sql.literal(columns.map((column) => column.join(" ")).join(", "))})`,
    orElse: () => sql`${onSqlite(sql, Object.keys(types), rows)} AS given`
  })
}

const onSqlite = (sql: Sql, columns: ReadonlyArray<string>, rows: ReadonlyArray<Values>): Statement.Fragment => {
  const [first = ""] = columns
  return rows.length > mostAtOnce || rows.some((row) => row[first] === null)
    ? sql`(SELECT ${sql.literal(columns.map((column) => `value->>'${column}' AS ${column}`).join(", "))}
        FROM json_each(${JSON.stringify(rows)}))`
    : valuesOf(columns, rows)
}

/**
 * Rows as a table of values, filled up to a power of two, so that each statement is prepared few times: a row whose first
 * value is null is none.
 */
const valuesOf = (columns: ReadonlyArray<string>, rows: ReadonlyArray<Values>): Statement.Fragment => {
  const size = 2 ** Math.ceil(Math.log2(Math.max(1, rows.length)))
  const values: Array<string | number | null> = []
  for (let n = 0; n < size; n++) for (const column of columns) values.push(rows[n]?.[column] ?? null)
  return Statement.fragment([Statement.literal(tableOfValues(columns, size), values)])
}

/** Tables of values by their size and columns: making the text of one takes longer than its values. */
const tables = new Map<string, string>()

const tableOfValues = (columns: ReadonlyArray<string>, size: number): string => {
  const key = `${size} ${columns.join()}`
  const known = tables.get(key)
  if (known !== undefined) return known
  const row = `(${columns.map(() => "?").join()})`
  const selected = columns.map((column, n) => `column${n + 1} AS ${column}`).join()
  const text = `(SELECT ${selected} FROM (VALUES ${Array.from({ length: size }, () => row).join()}) WHERE column1 IS NOT NULL)`
  tables.set(key, text)
  return text
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

/**
 * Updates the rows with these keys. `computed` are expressions for columns, over those of the table and, as `given`, the
 * values of the row.
 */
export const updateAll = (
  sql: Sql,
  table: string,
  rows: ReadonlyArray<Values>,
  {
    computed = {},
    key = ["id"]
  }: { readonly computed?: Readonly<Record<string, string>>; readonly key?: ReadonlyArray<string> } = {}
): Effect.Effect<unknown, SqlError.SqlError> => {
  if (rows.length === 0) return Effect.void
  const columns = Object.keys(rows[0] ?? {}).filter((column) => !key.includes(column) && !(column in computed))
  const set = sql.literal(
    [
      ...columns.map((column) => `${column} = given.${column}`),
      ...Object.entries(computed).map(([column, expression]) => `${column} = ${expression}`)
    ].join(", ")
  )
  return sql`UPDATE ${sql.literal(table)} SET ${set} FROM ${given(sql, table, rows)} AS given
    WHERE ${keyIs(sql, table, key)}`
}

/**
 * The condition that a row of the table has the key of the row `given`. While PostgreSQL takes a table for short, an index by
 * a later column of the key seems as good as that of the key: `|| ''` hides those columns.
 */
export const keyIs = (sql: Sql, table: string, key: ReadonlyArray<string>): Statement.Fragment => {
  const condition = (hidden: string) =>
    sql.literal(key.map((column, n) => `${table}.${column}${n === 0 ? "" : hidden} = given.${column}`).join(" AND "))
  return sql.onDialectOrElse({ pg: () => condition(" || ''"), orElse: () => condition("") })
}
