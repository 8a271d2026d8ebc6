/**
 * Converts the errors of `node:sqlite` to those of `effect/sql`.
 */
import { SqlError } from "effect/sql"

/** Converts the error of an operation. */
export const toSqlError = (operation: string) => (cause: unknown) => {
  const options = { operation, message: `could not ${operation}` }
  const reason = isOfStatement(cause)
    ? new SqlError.SqlSyntaxError({ cause, ...options })
    : SqlError.classifySqliteError(withErrno(cause), options)
  return new SqlError.SqlError({ reason })
}

/** SQLITE_ERROR, SQLITE_TOOBIG, SQLITE_MISMATCH, SQLITE_MISUSE, SQLITE_RANGE. */
const codesOfStatements = [1, 18, 20, 21, 25]

/**
 * Whether the statement or its parameters are at fault, rather than the store; Effect's classifier does not
 * distinguish.
 */
const isOfStatement = (cause: unknown): boolean =>
  cause instanceof TypeError ||
  (cause instanceof Error && "errcode" in cause && codesOfStatements.includes(Number(cause.errcode) & 0xff))

/** `node:sqlite` calls SQLite's result code `errcode`; Effect's classifier reads `errno`. */
const withErrno = (cause: unknown): unknown =>
  cause instanceof Error && "errcode" in cause ? Object.assign(cause, { errno: cause.errcode }) : cause
