import type { Alert } from "@tocsin/core"
import { Effect } from "effect"
import { type AlertFilter, Alerts, AlertSearch } from "@tocsin/delivery"

/** All alerts that a filter finds, newest first, with their observations. */
export const storedAlerts = Effect.fnUntraced(function* (filter: Pick<AlertFilter, "source" | "sourceId">) {
  const search = yield* AlertSearch
  const alerts = yield* Alerts
  const found: Array<Alert> = []
  let after: number | undefined
  do {
    const { items, next } = yield* search.list({ ...filter, after, limit: 500 })
    const whole = yield* alerts.many(items.map(({ id }) => id))
    found.push(...items.flatMap(({ id }) => whole.get(id) ?? []))
    after = next
  } while (after !== undefined)
  return found
})
