/**
 * Checks that other users of this machine cannot read the gateway's files.
 */
import { Config, Effect, Option } from "effect"
import { existsSync, statSync } from "node:fs"

const everybody = "every user of this machine"

/** The sentence about a file that others can read, with the command that fixes it. */
const sentence = (file: string, mode: number, who: string, files: ReadonlyArray<string>) =>
  `${file} can be read or written by ${who} (mode ${(mode & 0o777).toString(8).padStart(4, "0")}). Run: chmod 600 ${files.map(quote).join(" ")}`

/** A file name as a shell reads it. */
const quote = (file: string) => (/^[\w./@%+=:,-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`)

/**
 * Why a file with a secret is not private, and what to do; undefined if it is, or if it is not there. As PostgreSQL
 * does with its keys (https://www.postgresql.org/docs/current/libpq-ssl.html), a file of root may be readable by its
 * group: that is how Kubernetes mounts a secret, and how Debian keeps the keys of certificates.
 */
export const secretFileProblem = (file: string): string | undefined => {
  const stat = statOf(file)
  if (stat === undefined) return undefined
  const allowed = stat.uid === 0 ? 0o740 : 0o700
  if ((stat.mode & 0o777 & ~allowed) === 0) return undefined
  return sentence(file, stat.mode, (stat.mode & 0o007) === 0 ? "its group" : everybody, [file])
}

/** Logs a warning for each file of the named settings that others can read. */
export const warnOfOpenFiles = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
  for (const name of names) {
    const file = yield* Effect.orDie(Config.option(Config.String(name)))
    const problem = Option.getOrUndefined(Option.map(file, secretFileProblem))
    if (problem !== undefined) yield* Effect.logWarning(`${name}: ${problem}`)
  }
})

/** Why a SQLite database, or a file that SQLite keeps beside it, is not private; undefined if all are. */
export const databaseProblem = (database: string): string | undefined => {
  const files = ["", "-wal", "-shm", "-journal"].map((suffix) => `${database}${suffix}`)
  const open = files.filter((file) => ((statOf(file)?.mode ?? 0) & 0o007) !== 0)
  const [first] = open
  return first === undefined ? undefined : sentence(first, statOf(first)?.mode ?? 0, everybody, open)
}

/**
 * Returns undefined on Windows, which has no modes, and for a pipe or a device, whose mode does not protect its
 * content. Also for a file without access, because opening it reports a better error.
 */
const statOf = (file: string) => {
  if (process.platform === "win32" || !existsSync(file)) return undefined
  const stat = statSync(file)
  return stat.isFile() ? stat : undefined
}
