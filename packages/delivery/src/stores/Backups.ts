/**
 * Backups of the store while it is in use.
 */
import { Context, type Effect } from "effect"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"

/** Copies the store to a file, if the store supports it. */
export class Backups extends Context.Service<
  Backups,
  {
    /**
     * Writes a consistent copy of the store to the file, which must be empty, and returns once it is on the disk. The store
     * can be used meanwhile. Undefined for PostgreSQL, which has `pg_dump`.
     */
    readonly copyTo: ((file: string) => Effect.Effect<void, StoreUnavailable>) | undefined
  }
>()("@tocsin/delivery/Backups") {
  /** For a store that has its own tools for backups. */
  static readonly none = Backups.of({ copyTo: undefined })
}
