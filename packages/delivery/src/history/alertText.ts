import type { SqlClient, Statement } from "effect/sql"

/** The words to look for. */
export const wordsIn = (q: string | undefined): ReadonlyArray<string> =>
  (q ?? "")
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "")

/**
 * Conditions that an alert as it is stored meets if it may contain all words: most that do not contain them are out
 * before they are read. A word that JSON spells in another way, or of which a store does not know both cases, gives none.
 */
export const mayContain = (sql: SqlClient.SqlClient, q: string | undefined): ReadonlyArray<Statement.Fragment> =>
  wordsIn(q)
    .filter((word) => /^[\x20-\x7e]+$/.test(word) && !/["\\]/.test(word))
    .map((word) => {
      const pattern = `%${word.replaceAll(/[%_]/g, "\\$&")}%`
      return sql.onDialectOrElse({
        pg: () => sql`alert ILIKE ${pattern} ESCAPE '\\'`,
        orElse: () => sql`alert LIKE ${pattern} ESCAPE '\\'`
      })
    })

/** Whether all words occur in the texts of an alert as it is stored, in any case of letters. */
export const textMatcher = (q: string | undefined): ((alert: string) => boolean) => {
  const words = wordsIn(q)
  if (words.length === 0) return () => true
  return (alert) => {
    const texts = textsIn(JSON.parse(alert), new Set(unread)).join("\n").toLowerCase()
    return words.every((word) => texts.includes(word))
  }
}

/** What people do not look for, or look for by another filter. */
const unread = [
  "observations",
  "links",
  "state",
  "severity",
  "startedAt",
  "clearedAt",
  "clearedBecause",
  "assumedTimeZone"
]

const textsIn = (value: unknown, without: ReadonlySet<string> = new Set()): ReadonlyArray<string> => {
  if (typeof value === "string") return [value]
  if (Array.isArray(value)) return value.flatMap((one) => textsIn(one))
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([key, value]) => (without.has(key) ? [] : [...textsIn(value)]))
}
