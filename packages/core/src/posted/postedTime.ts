import { DateTime, Option, Schema } from "effect"
import { timeFromIso } from "./leapSecond.ts"

const pattern =
  /^((?:19[7-9]\d|[2-9]\d{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))[Tt ]((?:[01]\d|2[0-3]):[0-5]\d)(:(?:[0-5]\d|60)(?:\.\d{1,9})?)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)?$/u

const expected = "an RFC 3339 time such as 2026-01-15T02:00:00Z, of a day that exists, from 1970 to 9999"

/** A time as a sender writes it. The zone may be absent; the reader then assumes one. */
export const PostedTime = Schema.String.check(
  Schema.isPattern(pattern, { expected }).abort(),
  Schema.makeFilter((stated) => Option.isSome(readPostedTime(stated)), { expected })
)

/** Reads a time. Without a zone it is read as UTC, and `isZoned` is false. */
export const readPostedTime = (
  stated: string
): Option.Option<{ readonly at: DateTime.Utc; readonly isZoned: boolean }> => {
  const [, day, minutes, seconds = ":00", zone] = pattern.exec(stated) ?? []
  if (day === undefined || !exists(day)) return Option.none()
  const iso = `${day}T${minutes}${seconds}${zone?.toUpperCase() ?? "Z"}`
  // Every alert takes this path: `Date.parse` reads the same times as `timeFromIso`, but for leap seconds, and faster.
  const at = seconds.startsWith(":60") ? timeFromIso(iso) : DateTime.make(Date.parse(iso))
  return at.pipe(
    Option.filter((at) => at.epochMilliseconds >= 0 && at.epochMilliseconds < year10000),
    Option.map((at) => ({ at, isZoned: zone !== undefined }))
  )
}

/** Whether a month has the day: one such as February 30 would roll over into the next month. */
const exists = (day: string): boolean => {
  const [year = NaN, month = NaN, date] = day.split("-").map(Number)
  return new Date(Date.UTC(year, month - 1, date)).getUTCDate() === date
}

const year10000 = Date.UTC(10_000, 0)
