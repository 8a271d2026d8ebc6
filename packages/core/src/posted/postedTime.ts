import { DateTime, Option, Schema } from "effect"
import { timeFromIso } from "../leapSecond.ts"

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
  return DateTime.make(`${day}T${minutes}Z`).pipe(
    // A day such as February 30 rolls over into the next month.
    Option.filter((local) => DateTime.formatIso(local).startsWith(`${day}T`)),
    Option.flatMap(() => timeFromIso(`${day}T${minutes}${seconds}${zone?.toUpperCase() ?? "Z"}`)),
    Option.filter((at) => at.epochMilliseconds >= 0 && at.epochMilliseconds < year10000),
    Option.map((at) => ({ at, isZoned: zone !== undefined }))
  )
}

const year10000 = Date.UTC(10_000, 0)
