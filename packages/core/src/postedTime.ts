import { DateTime, Option, Schema } from "effect"

const expected = "an RFC 3339 time such as 2026-01-15T02:00:00Z, of a day that exists, from 1970 to 9999"

/** A time as a sender writes it. Without a zone it is a time too: which one, is for the reader to assume. */
export const PostedTime = Schema.String.check(
  Schema.makeFilter((stated) => Option.isSome(readPostedTime(stated)), { expected })
)

/** Reads a time; one that states no zone is read as UTC, and `isZoned` is false. */
export const readPostedTime = (
  stated: string
): Option.Option<{ readonly at: DateTime.Utc; readonly isZoned: boolean }> => {
  const [, date, minutes, seconds = ":00", zone] = pattern.exec(stated) ?? []
  const local = DateTime.make(`${date}T${minutes}${seconds}Z`)
  // A day such as February 30 rolls over into the next month, and 24:00 into the next day.
  const exists = Option.filter(local, (local) => DateTime.formatIso(local).startsWith(`${date}T${minutes}`))
  return exists.pipe(
    Option.flatMap(() => DateTime.make(`${date}T${minutes}${seconds}${zone?.toUpperCase() ?? "Z"}`)),
    Option.filter((at) => at.epochMilliseconds >= 0 && at.epochMilliseconds <= endOf9999),
    Option.map((at) => ({ at, isZoned: zone !== undefined }))
  )
}

const pattern = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)?(Z|z|[+-]\d{2}:\d{2})?$/

const endOf9999 = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
