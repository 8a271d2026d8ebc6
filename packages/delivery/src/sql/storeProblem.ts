/**
 * The problems of a store, each with a remedy for the operator.
 */
import { Predicate, Schema } from "effect"
import type { SqlError } from "effect/sql"

/** A problem of the store. */
export const StoreProblem = Schema.Literals([
  "DiskFull",
  "DiskError",
  "ReadOnly",
  "Corrupt",
  "NotADatabase",
  "FileMissing",
  "CannotOpen",
  "Locked",
  "TooManyConnections",
  "OutOfMemory",
  "AccessDenied",
  "Timeout",
  "Unreachable",
  "ServedElsewhere",
  "Stopping",
  "Failed"
])
export type StoreProblem = typeof StoreProblem.Type

/** A description and a remedy for each problem. No sentence contains a name or a value of the installation. */
export const storeSentences: { readonly [problem in StoreProblem]: string } = {
  DiskFull: "The disk that holds the store is full. Free space on it.",
  DiskError: "The disk that holds the store cannot be read or written. Check the disk and the system log.",
  ReadOnly:
    "The store is read-only. Make the file and its folder writable for the gateway's user, or point TOCSIN_DATABASE_URL to the primary PostgreSQL server.",
  Corrupt: "The database is damaged. Stop the gateway and restore the last backup.",
  NotADatabase: "The file is not a SQLite database. Check TOCSIN_DATABASE_URL.",
  FileMissing: "The database file was moved or removed. Put it back, or restart the gateway.",
  CannotOpen: "The database file cannot be opened. Check the path in TOCSIN_DATABASE_URL, and the mode of its folder.",
  Locked: "Another process uses the database. Stop it.",
  TooManyConnections:
    "PostgreSQL has no free connection. Raise max_connections, or the connection limit of the user or the database. A gateway uses up to ten.",
  OutOfMemory: "The database has run out of memory.",
  AccessDenied:
    "Access to the database is denied. Check the owner and the mode of the file and its folder, or the user, password and privileges in PostgreSQL.",
  Timeout: "The database did not answer in time.",
  Unreachable: "The database cannot be reached.",
  ServedElsewhere: "Another gateway serves the lane.",
  Stopping: "The gateway is stopping.",
  Failed: "The statement failed."
}

/**
 * The proof that a store works again after a problem: a transaction, a write that needs space, or only a restart.
 * `none`: a statement or the gateway failed, not the store.
 */
export const recoveryProof = (problem: StoreProblem): "transaction" | "write" | "restart" | "none" => {
  switch (problem) {
    case "DiskFull":
    case "DiskError":
    case "ReadOnly":
      return "write"
    case "Corrupt":
    case "NotADatabase":
      return "restart"
    case "ServedElsewhere":
    case "Stopping":
    case "Failed":
      return "none"
    default:
      return "transaction"
  }
}

/** The name of the problem that a statement failed with. */
export const storeProblem = ({ reason }: SqlError.SqlError): StoreProblem =>
  fromSqlite(reason.cause) ?? fromFile(reason.cause) ?? namedProblems.get(codeOf(reason.cause)) ?? fromReason(reason)

/** PostgreSQL's name of the error (SQLSTATE), or Node's; empty if it has none. */
export const codeOf = (cause: unknown): string => (Predicate.hasProperty(cause, "code") ? String(cause.code) : "")

/** https://www.sqlite.org/rescode.html: the lowest byte is the primary result code. */
const fromSqlite = (cause: unknown) =>
  Predicate.hasProperty(cause, "errcode") ? sqliteProblems.get(Number(cause.errcode) & 0xff) : undefined

const sqliteProblems = new Map<number, StoreProblem>([
  [3, "AccessDenied"],
  [5, "Locked"],
  [6, "Locked"],
  [7, "OutOfMemory"],
  [8, "ReadOnly"],
  [10, "DiskError"],
  [11, "Corrupt"],
  [13, "DiskFull"],
  [14, "CannotOpen"],
  [23, "AccessDenied"],
  [26, "NotADatabase"]
])

/** Node opens the file of SQLite, creates its folder and syncs its log. A socket has the same error codes with other causes. */
const fromFile = (cause: unknown) => {
  const otherwise = Predicate.hasProperty(cause, "syscall") ? ofCalls.get(cause.syscall) : undefined
  return otherwise && (fileProblems.get(codeOf(cause)) ?? otherwise)
}

/** The problem if a call of the system fails for another reason than these below. */
const ofCalls = new Map<unknown, StoreProblem>([
  ["open", "CannotOpen"],
  ["mkdir", "CannotOpen"],
  ["fdatasync", "DiskError"]
])

const fileProblems = new Map<string, StoreProblem>([
  ["EACCES", "AccessDenied"],
  ["EPERM", "AccessDenied"],
  ["EROFS", "ReadOnly"],
  ["ENOSPC", "DiskFull"],
  ["EDQUOT", "DiskFull"],
  ["EIO", "DiskError"]
])

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const namedProblems = new Map<string, StoreProblem>([
  ["25006", "ReadOnly"],
  ["53100", "DiskFull"],
  ["53200", "OutOfMemory"],
  ["53300", "TooManyConnections"],
  ["57P01", "Unreachable"],
  ["57P02", "Unreachable"],
  ["57P03", "Unreachable"],
  ["58030", "DiskError"],
  ["XX001", "Corrupt"],
  ["XX002", "Corrupt"],
  // Not a code of PostgreSQL: the SQLite store uses it if the file was removed while it was open.
  ["FileMissing", "FileMissing"]
])

const fromReason = (reason: SqlError.SqlErrorReason): StoreProblem => {
  switch (reason._tag) {
    case "ConnectionError":
      return "Unreachable"
    case "AuthenticationError":
    case "AuthorizationError":
      return "AccessDenied"
    case "LockTimeoutError":
      return "Locked"
    case "StatementTimeoutError":
      return "Timeout"
    default:
      return "Failed"
  }
}
