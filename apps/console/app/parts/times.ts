import { now } from "../data/clock.ts"
import { zone } from "../data/preferences.ts"

/** A time from the API. */
export interface Moment {
  readonly epochMilliseconds: number
}

type Zone = ReturnType<typeof zone.get>

const formats = new Map<string, Intl.DateTimeFormat>()

const format = (name: string, options: Intl.DateTimeFormatOptions, shown: Zone): Intl.DateTimeFormat => {
  const key = `${name} ${shown}`
  const known = formats.get(key)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat(undefined, { ...options, ...(shown === "utc" && { timeZone: "UTC" }) })
  formats.set(key, made)
  return made
}

const clock = { hour: "numeric", minute: "2-digit" } as const
const day = { month: "short", day: "numeric" } as const

/** The short form: the time if it is today, else the date and the time. */
export const shortTime = (at: number, shown: Zone = zone.get()): string => {
  const dates = format("date", { year: "numeric", month: "numeric", day: "numeric" }, shown)
  if (dates.format(at) === dates.format(now())) return format("clock", clock, shown).format(at)
  const years = format("year", { year: "numeric" }, shown)
  return years.format(at) === years.format(now())
    ? format("day", { ...day, ...clock }, shown).format(at)
    : format("year day", { ...day, ...clock, year: "numeric" }, shown).format(at)
}

/** To the millisecond, with the zone. */
export const exactTime = (at: number, shown: Zone = zone.get()): string =>
  format(
    "exact",
    { ...day, year: "numeric", ...clock, second: "2-digit", fractionalSecondDigits: 3, timeZoneName: "short" },
    shown
  ).format(at)

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000]
] as const

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "always", style: "narrow" })

/** How far from now, in its largest unit: `3 min. ago`, `in 2 hr.` */
export const fromNow = (at: number, from: number = now()): string => {
  const difference = at - from
  const [unit, length] = units.find(([, length]) => Math.abs(difference) >= length) ?? ["second", 1000]
  return relative.format(Math.trunc(difference / length), unit)
}

/** A length of time in its two largest units: `2 h 5 min`. */
export const duration = (milliseconds: number): string => {
  const at = units.findIndex(([, length]) => milliseconds >= length)
  if (at < 0) return `${Math.max(0, Math.round(milliseconds))} ms`
  const parts: Array<string> = []
  let left = milliseconds
  for (const [unit, length] of units.slice(at, at + 2)) {
    const count = Math.floor(left / length)
    left -= count * length
    if (count > 0)
      parts.push(new Intl.NumberFormat(undefined, { style: "unit", unit, unitDisplay: "short" }).format(count))
  }
  return parts.join(" ")
}

const numbers = new Intl.NumberFormat()

export const count = (number: number): string => numbers.format(number)

const plurals = new Intl.PluralRules(undefined)

/** `1 alert`, `1,204 alerts`. */
export const plural = (number: number, one: string, other = `${one}s`): string =>
  `${count(number)} ${plurals.select(number) === "one" ? one : other}`
