import { Schema } from "effect"

/** The kinds of things that can change. */
export const ChangeKind = Schema.Literals(["alert", "delivery", "integration", "rule", "source", "session"])
export type ChangeKind = typeof ChangeKind.Type

/** Something that changed. Without an id, anything of the kind may have changed. */
export const Change = Schema.Struct({ kind: ChangeKind, id: Schema.optionalKey(Schema.String) })
export type Change = typeof Change.Type

/** If more things of a kind change at once, the change has the kind without ids. */
const mostIds = 100

/** Changes, each once. */
export class Collected {
  readonly #kinds = new Map<ChangeKind, Set<string> | "all">()

  get isEmpty(): boolean {
    return this.#kinds.size === 0
  }

  add({ id, kind }: Change): void {
    const ids = this.#kinds.get(kind)
    if (ids === "all") return
    if (id === undefined || (ids !== undefined && ids.size >= mostIds && !ids.has(id))) this.#kinds.set(kind, "all")
    else if (ids === undefined) this.#kinds.set(kind, new Set([id]))
    else ids.add(id)
  }

  /** Returns the collected changes, and clears them. */
  take(): ReadonlyArray<Change> {
    const changes = [...this.#kinds].flatMap(([kind, ids]): ReadonlyArray<Change> =>
      ids === "all" ? [{ kind }] : [...ids].map((id) => ({ kind, id }))
    )
    this.#kinds.clear()
    return changes
  }
}
