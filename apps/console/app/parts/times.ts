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
  const inZone = { ...options, ...(shown === "utc" && { timeZone: "UTC" }) }
  const usual = new Intl.DateTimeFormat(undefined, inZone)
  // `05:20`, but `5:20 AM`.
  const is24Hours = usual.resolvedOptions().hourCycle === "h23"
  const made = is24Hours ? new Intl.DateTimeFormat(undefined, { ...inZone, hour: "2-digit" }) : usual
  formats.set(key, made)
  return made
}

const clock = { hour: "numeric", minute: "2-digit" } as const
const day = { month: "short", day: "numeric" } as const

const text = (name: string, options: Intl.DateTimeFormatOptions, shown: Zone, at: number): string =>
  format(name, options, shown).format(at)

/** The date, such as `2026-01-15`. */
const dateOf = (at: number, shown: Zone): string =>
  new Date(shown === "utc" ? at : at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 10)

/** The short form: the time if it is today, else the date and the time. */
export const shortTime = (at: number, shown: Zone = zone.get()): string => {
  const date = dateOf(at, shown)
  const today = dateOf(now(), shown)
  if (date === today) return text("clock", clock, shown, at)
  return date.slice(0, 4) === today.slice(0, 4)
    ? text("day", { ...day, ...clock }, shown, at)
    : text("year day", { ...day, ...clock, year: "numeric" }, shown, at)
}

/** To the millisecond, with the zone. */
export const exactTime = (at: number, shown: Zone = zone.get()): string =>
  text(
    "exact",
    { ...day, year: "numeric", ...clock, second: "2-digit", fractionalSecondDigits: 3, timeZoneName: "short" },
    shown,
    at
  )

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000]
] as const

// These are made when they are needed: the first use of Intl takes a browser longer than drawing the first rows.
let relative: Intl.RelativeTimeFormat | undefined
let numbers: Intl.NumberFormat | undefined
let plurals: Intl.PluralRules | undefined

/** How far from now, in its largest unit: `3 min. ago`, `in 2 hr.` */
export const fromNow = (at: number, from: number = now()): string => {
  const difference = at - from
  const [unit, length] = units.find(([, length]) => Math.abs(difference) >= length) ?? ["second", 1000]
  relative ??= new Intl.RelativeTimeFormat(undefined, { numeric: "always", style: "narrow" })
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

export const count = (number: number): string => (numbers ??= new Intl.NumberFormat()).format(number)

/** `1 alert`, `1,204 alerts`. */
export const plural = (number: number, one: string, other = `${one}s`): string =>
  `${count(number)} ${(plurals ??= new Intl.PluralRules()).select(number) === "one" ? one : other}`
