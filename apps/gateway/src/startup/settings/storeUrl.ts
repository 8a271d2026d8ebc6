/**
 * The store that `TOCSIN_DATABASE_URL` names.
 */
import { Redacted, Schema } from "effect"

/** A SQLite file, or a PostgreSQL database; `shown` names it without a password. */
export type StoreUrl =
  | { readonly _tag: "Sqlite"; readonly file: string; readonly shown: string }
  | { readonly _tag: "Postgres"; readonly url: Redacted.Redacted; readonly shown: string }

const isPostgres = (text: string) =>
  /^postgres(ql)?:\/\//.test(text) && URL.canParse(text) && !new URL(text).searchParams.has("ssl")

/** Whether `readStoreUrl` can read the text. */
export const isStoreUrl = (text: string) => /^sqlite:./.test(text) || isPostgres(text)

/** The text of a store's URL. */
export const StoreUrlText = Schema.String.check(
  Schema.makeFilter(isStoreUrl, {
    expected:
      "sqlite: and a file, such as sqlite:data/tocsin.db, or the URL of a PostgreSQL database, such as postgres://tocsin:password@db.example.com/tocsin (for TLS with ?sslmode=verify-full, not ?ssl=)"
  })
)

/** Parses the URL of a store. */
export const readStoreUrl = (text: string): StoreUrl => {
  if (!isPostgres(text)) {
    const file = text.slice("sqlite:".length)
    return { _tag: "Sqlite", file, shown: file }
  }
  const { host, pathname } = new URL(text)
  return { _tag: "Postgres", url: Redacted.make(text), shown: `PostgreSQL at ${host}${pathname}` }
}
