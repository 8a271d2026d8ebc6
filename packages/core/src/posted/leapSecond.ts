import { DateTime, Option } from "effect"

/**
 * Reads an ISO 8601 time that may be a leap second: `2016-12-31T23:59:60Z` is the second after `23:59:59`, as in POSIX.
 * Accepts one in any minute, because senders may not know when leap seconds are.
 */
export const timeFromIso = (iso: string): Option.Option<DateTime.Utc> => {
  const [, minute, rest] = /^(.{16}):60(.*)$/.exec(iso) ?? []
  return minute === undefined
    ? DateTime.make(iso)
    : Option.map(DateTime.make(`${minute}:59${rest}`), DateTime.add({ seconds: 1 }))
}
