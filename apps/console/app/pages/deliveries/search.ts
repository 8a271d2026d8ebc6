import type { DeliveryRow } from "../../data/queries.ts"
import { now } from "../../data/clock.ts"

/** The filters in the address. */
export interface DeliverySearch {
  readonly state?: string
  readonly integration?: string
  readonly alert?: string
  readonly since?: string
  readonly open?: string
}

export const deliveryStates = [
  { value: "open", label: "Open" },
  { value: "delivered", label: "Delivered" },
  { value: "dead", label: "Dead" },
  { value: "retrying", label: "Retrying" },
  { value: "folded", label: "In a digest" },
  { value: "superseded", label: "Superseded" },
  { value: "diverted", label: "Diverted" }
] as const

type Wanted = DeliveryRow["status"] | "open"

export const statuses = ({ state }: DeliverySearch): ReadonlyArray<Wanted> | undefined => {
  const found = deliveryStates.find(({ value }) => value === state)
  return found === undefined ? undefined : [found.value]
}

export const periods = [
  { value: "1h", label: "Last hour", milliseconds: 3_600_000 },
  { value: "24h", label: "Last 24 hours", milliseconds: 86_400_000 },
  { value: "7d", label: "Last 7 days", milliseconds: 604_800_000 }
] as const

/** The start time, rounded to the minute, so that the same address has the same list for a while. */
export const sinceTime = ({ since }: DeliverySearch): number | undefined => {
  const found = periods.find(({ value }) => value === since)
  return found === undefined ? undefined : Math.floor((now() - found.milliseconds) / 60_000) * 60_000
}

/** What the address asks for and nothing is; the rest of it would show, and redeliver, more than was asked for. */
export const unknownFilter = (search: DeliverySearch): string | undefined => {
  if (search.state !== undefined && statuses(search) === undefined) return `the state “${search.state}”`
  if (search.since !== undefined && sinceTime(search) === undefined) return `the period “${search.since}”`
  return undefined
}
