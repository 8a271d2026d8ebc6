import type { Alert } from "@tocsin/core"
import { Effect } from "effect"
import { type AlertFilter, AlertSearch } from "@tocsin/delivery"

/** All alerts that a filter finds, newest first, with their observations. */
export const storedAlerts = Effect.fnUntraced(function* (filter: Pick<AlertFilter, "source" | "sourceId">) {
  const search = yield* AlertSearch
  const found: Array<Alert> = []
  let after: number | undefined
  do {
    const { items, next } = yield* search.list({ ...filter, after, limit: 500 })
    for (const { id } of items) {
      const alert = yield* search.get(id)
      if (alert !== undefined) found.push(alert)
    }
    after = next
  } while (after !== undefined)
  return found
})
