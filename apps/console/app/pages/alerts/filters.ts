import { call } from "../../data/call.ts"
import { Pages, whole } from "../../data/Pages.ts"
import { type AlertRow, type IntegrationId, type RuleId } from "../../data/queries.ts"
import { onChanges } from "../../data/start.ts"
import { severities, type SeverityName } from "../../parts/Severity.tsx"

/** The filters as the address has them. `state` is `raised` when absent. */
export interface Filters {
  readonly state?: string
  readonly severity?: string
  readonly source?: string
  readonly rule?: string
  readonly integration?: string
  readonly notified?: string
  readonly text?: string
}

export const states = [
  { value: "raised", label: "Active" },
  { value: "cleared", label: "Cleared" },
  { value: "all", label: "All" }
] as const

export const stateOf = ({ state }: Filters): "raised" | "cleared" | "all" =>
  states.find(({ value }) => value === state)?.value ?? "raised"

export const isFiltered = (filters: Filters): boolean => Object.values(filters).some((value) => value !== undefined)

export const severitiesOf = ({ severity }: Filters): ReadonlyArray<SeverityName> =>
  severities.filter((name) => severity?.split(",").includes(name) ?? false)

/** What the address asks for and no alert ever is; the rest of it would show more than was asked for. */
export const unknownFilter = (filters: Filters): string | undefined => {
  const { notified, severity, state } = filters
  if (state !== undefined && !states.some(({ value }) => value === state)) return `the state “${state}”`
  if (severity !== undefined && severitiesOf(filters).length < severity.split(",").length) {
    return `the severity “${severity}”`
  }
  return notified === undefined || notified === "no" ? undefined : `“notified=${notified}”`
}

const query = (filters: Filters) => {
  const state = stateOf(filters)
  const severity = severitiesOf(filters)
  return {
    ...(state !== "all" && { state }),
    ...(severity.length > 0 && { severity }),
    ...(filters.source !== undefined && { source: filters.source }),
    // An address may contain an invalid id, which the gateway reports.
    ...(filters.rule !== undefined && { rule: filters.rule as RuleId }),
    ...(filters.integration !== undefined && { integration: filters.integration as IntegrationId }),
    ...(filters.notified === "no" && { notNotified: "true" as const }),
    ...(filters.text !== undefined && { q: filters.text })
  }
}

const lists = new Map<string, Pages<AlertRow>>()
const keptLists = 4

/** The list for these filters; the earlier one if it was shown before, so that going back restores the position. */
export const alertPages = (filters: Filters): Pages<AlertRow> => {
  const key = JSON.stringify(query(filters))
  const known = lists.get(key)
  lists.delete(key)
  const list =
    known ??
    new Pages<AlertRow>({
      page: whole((page) => call((client) => client.alerts.list({ query: { ...query(filters), ...page } }))),
      one: (id) =>
        call((client) => client.alerts.get({ params: { id: id as AlertRow["id"] } })).then(
          ({ clearedAt, clearedBecause, id, severity, state }) => ({
            id,
            severity,
            state,
            ...(clearedAt && { clearedAt }),
            ...(clearedBecause && { clearedBecause })
          }),
          () => undefined
        )
    })
  lists.set(key, list)
  for (const [oldest] of [...lists].slice(0, Math.max(0, lists.size - keptLists))) lists.delete(oldest)
  if (known === undefined) void list.restart()
  return list
}

/** Whether a list that was shown has this alert. */
export const isListed = (id: string): boolean => [...lists.values()].some((list) => list.has(id))

const listeners = new Set<() => void>()
let missed = false

onChanges((changes) => {
  if (changes !== "all" && !changes.some(({ kind }) => kind === "alert" || kind === "delivery")) return
  missed = listeners.size === 0
  listeners.forEach((listener) => listener())
})

/** Runs the callback when alerts may have changed, and at once if they may have while nothing listened. */
export const onAlertsChanged = (listener: () => void): (() => void) => {
  listeners.add(listener)
  if (missed) listener()
  missed = false
  return () => listeners.delete(listener)
}
