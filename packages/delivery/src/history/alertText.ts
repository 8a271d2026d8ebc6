import type { SqlClient, Statement } from "effect/sql"

/** Splits a search text into words in lowercase. */
export const wordsIn = (q: string | undefined): ReadonlyArray<string> =>
  (q ?? "")
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "")

/** The columns of an alert that contain its texts. */
export interface StoredTexts {
  readonly id: string
  readonly source: string
  readonly source_id: string
  readonly alert: string
}

/**
 * Conditions that a stored alert meets if it may contain all words, so that most other alerts are never read. Words with
 * letters outside ASCII, or with characters that JSON escapes, give no condition.
 */
export const mayContain = (sql: SqlClient.SqlClient, q: string | undefined): ReadonlyArray<Statement.Fragment> => {
  // No word contains a space.
  const stored = sql.literal("id || ' ' || source || ' ' || source_id || ' ' || alert")
  return wordsIn(q)
    .filter((word) => /^[\x20-\x7e]+$/.test(word) && !/["\\]/.test(word))
    .map((word) => {
      const pattern = `%${word.replaceAll(/[%_]/g, "\\$&")}%`
      return sql.onDialectOrElse({
        pg: () => sql`${stored} ILIKE ${pattern} ESCAPE '\\'`,
        orElse: () => sql`${stored} LIKE ${pattern} ESCAPE '\\'`
      })
    })
}

/** Whether all words occur in the texts of a stored alert, in any case of letters. */
export const textMatcher = (q: string | undefined): ((stored: StoredTexts) => boolean) => {
  const words = wordsIn(q)
  if (words.length === 0) return () => true
  return ({ alert, id, source, source_id }) => {
    const texts = [id, source, source_id, ...textsIn(JSON.parse(alert), new Set(unsearched))].join("\n").toLowerCase()
    return words.every((word) => texts.includes(word))
  }
}

/** Fields that are not searched, or have a filter of their own. */
const unsearched = [
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
