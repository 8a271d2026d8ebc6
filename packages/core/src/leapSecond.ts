import { DateTime, Option } from "effect"

/**
 * Reads an ISO 8601 time that may be a leap second: `2016-12-31T23:59:60Z` is the second after `23:59:59`, as in POSIX.
 * Clocks of senders that do not know when leap seconds are may write one in any minute.
 */
export const timeFromIso = (iso: string): Option.Option<DateTime.Utc> => {
  const [, minute, rest] = /^(.{16}):60(.*)$/.exec(iso) ?? []
  return minute === undefined
    ? DateTime.make(iso)
    : Option.map(DateTime.make(`${minute}:59${rest}`), DateTime.add({ seconds: 1 }))
}
