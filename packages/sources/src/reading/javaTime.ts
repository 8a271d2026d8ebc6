/**
 * Times as Java programs write them: `2022-04-25 17:18:00 CDT`.
 */
import { type AssumedTimeZone, timeFromIso } from "@tocsin/core"
import { DateTime, Option } from "effect"

/** A time, and the zone that had to be assumed to read it. */
export interface ReadTime {
  readonly at: DateTime.Utc
  readonly assumed?: typeof AssumedTimeZone.Type
}

/**
 * Reads a time that names its zone by an abbreviation, an offset or an IANA
 * name; one that names none, or an unknown one, is read in `timezone`. Digits
 * alone are seconds or milliseconds since the epoch.
 *
 * Where the clocks were set back and an hour occurs twice, the first is meant;
 * where they were set forward, a time that never was is read as if they had not been.
 */
export const readTime = (stated: string, timezone = "UTC"): Option.Option<ReadTime> => {
  if (/^\d+(?:\.\d+)?$/.test(stated)) return Option.map(fromEpoch(Number(stated)), (at) => ({ at }))
  const [, date, time, zone] = dateAndTime.exec(stated) ?? []
  if (zone === undefined) return Option.none()
  const local = timeFromIso(`${date}T${time}Z`)
  const timeZone = zoneOf(zone)
  if (Option.isSome(timeZone)) return Option.map(atZone(local, timeZone.value), (at) => ({ at }))
  const known = DateTime.zoneFromString(timezone).pipe(Option.getOrElse(() => DateTime.zoneMakeNamedUnsafe("UTC")))
  const assumed = { zone: DateTime.zoneToString(known), ...(zone !== "" && { stated: zone }) }
  return Option.map(atZone(local, known), (at) => ({ at, assumed }))
}

/**
 * The abbreviations that Java writes for zones; a summer time has its own, so
 * each is one offset. Of those with several meanings, BST is British summer (not
 * Bangladesh), CST and CDT are North American (not China, not Cuba), and IST is
 * India (not Ireland, not Israel). AST, GST and SST are left out: nothing speaks
 * for one of their meanings, so they are read in the source's zone.
 */
const abbreviations: Readonly<Record<string, string>> = {
  "-10:00": "HST",
  "-09:00": "AKST HDT",
  "-08:00": "AKDT PST",
  "-07:00": "MST PDT",
  "-06:00": "CST MDT",
  "-05:00": "CDT COT EST PET",
  "-04:00": "BOT CLT EDT VET",
  "-03:30": "NST",
  "-03:00": "ADT ART BRT CLST UYT",
  "-02:30": "NDT",
  "-02:00": "BRST",
  "+00:00": "GMT UT UTC WET Z",
  "+01:00": "BST CET MET WAT WEST",
  "+02:00": "CAT CEST EET MEST SAST",
  "+03:00": "EAT EEST IDT MSK TRT",
  "+05:00": "PKT",
  "+05:30": "IST",
  "+05:45": "NPT",
  "+07:00": "ICT WIB",
  "+08:00": "AWST HKT MYT PHT SGT",
  "+09:00": "JST KST",
  "+09:30": "ACST",
  "+10:00": "AEST",
  "+10:30": "ACDT",
  "+11:00": "AEDT",
  "+12:00": "NZST",
  "+13:00": "NZDT"
}

const offsets = new Map(
  Object.entries(abbreviations).flatMap(([offset, names]) => names.split(" ").map((name) => [name, offset]))
)

const dateAndTime = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) *(.{0,64})$/

const offset = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?$/

const zoneOf = (stated: string): Option.Option<DateTime.TimeZone> => {
  const [, sign, hours, minutes = "0"] = offset.exec(offsets.get(stated) ?? stated) ?? []
  // Java knows no offset beyond 18 hours.
  if (hours !== undefined && Number(hours) <= 18) {
    const ahead = Number(hours) * 60 + Number(minutes)
    return Option.some(DateTime.zoneMakeOffset((sign === "-" ? -ahead : ahead) * 60_000))
  }
  // Of names only those with a region: an abbreviation that is not in the table must not be guessed.
  return stated.includes("/") ? DateTime.zoneMakeNamed(stated) : Option.none()
}

const atZone = (local: Option.Option<DateTime.Utc>, timeZone: DateTime.TimeZone): Option.Option<DateTime.Utc> =>
  local.pipe(
    Option.flatMap((local) => DateTime.makeZoned(local, { timeZone, adjustForTimeZone: true })),
    Option.map(DateTime.toUtc)
  )

/** As seconds, what is beyond this lies after the year 5000: it is milliseconds. 0 stands for no time. */
const maxSeconds = 100_000_000_000

const fromEpoch = (n: number): Option.Option<DateTime.Utc> =>
  n > 0 ? DateTime.make(Math.trunc(n > maxSeconds ? n : n * 1000)) : Option.none()
