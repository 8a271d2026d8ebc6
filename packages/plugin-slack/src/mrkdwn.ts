/**
 * Foreign text in Slack's markup, mrkdwn.
 *
 * @see https://docs.slack.dev/messaging/formatting-message-text
 */
import { cut, type Link, Message } from "@tocsin/core"
import type { DateTime } from "effect"
import { maxLink } from "./limits.ts"

/** Writes the three characters that Slack reads as markup wherever they stand. */
export const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

/** Drops what a reader cannot see and should not be tricked by: control characters, overrides of the direction, half characters. */
export const printable = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, "\n")
    .replace(/[\t\v\f]/g, " ")
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, "")

/** Foreign text on one line, of at most `max` units as it is written. */
export const inline = (text: string, max: number): string => written(printable(text).replace(/\s+/g, " ").trim(), max)

/** Foreign text that keeps its lines, of at most `max` units as it is written; empty lines are dropped. */
export const paragraph = (text: string, max: number): string =>
  written(
    printable(text)
      .split("\n")
      .map((line) => line.replace(/\s+/g, " ").trim())
      .filter((line) => line !== "")
      .join("\n"),
    max
  )

/** A link with its label, or the label alone where there is nothing to link to, or nothing that Slack takes. */
export const link = (to: Link | undefined, label: string): string => {
  const url = to && (to.protocol === "https:" || to.protocol === "http:") ? escape(to.href.replaceAll("|", "%7C")) : ""
  // A bar would end the label; U+2223 reads the same.
  return url === "" || url.length > maxLink ? label : `<${url}|${label.replaceAll("|", "∣")}>`
}

/** A time in the reader's own zone, or in UTC where the client cannot tell it or Slack would not take it. */
export const time = (at: DateTime.Utc): string => {
  const seconds = Math.floor(at.epochMilliseconds / 1000)
  const utc = Message.timeText(at)
  return seconds >= 0 && seconds <= endOf9999 ? `<!date^${seconds}^{date_short_pretty} at {time_secs}|${utc}>` : utc
}

const endOf9999 = 253_402_300_799

const written = (text: string, max: number): string =>
  // A text object must not be empty.
  escape(unformatted(cut(unquoted(text) || "–", max, { encode: escape })))

/** A `>` at the start of a line quotes it, escaped or not; behind a soft hyphen, which is not shown, it doesn't. */
const unquoted = (text: string): string => text.replace(/^[>＞]/gm, "\u00AD$&")

/**
 * Replaces the characters that format by others that read the same. Slack has no escape for them, and
 * zero-width characters beside them make them format even inside a word. It knows the full-width ones, too.
 *
 * One inside a word (`node_load_avg`) or between spaces (`rate * 100`) formats nothing, and stays to be copied.
 *
 * @see https://github.com/yhatt/jsx-slack/blob/main/docs/about-escape-and-exact-mode.md
 */
const unformatted = (text: string): string =>
  text
    .replace(/(?<![A-Za-z0-9](?=.[A-Za-z0-9]))(?<!\s(?=.\s))[*_~]/g, (marker) => alike.get(marker) ?? "")
    .replace(/[`＊＿～｀]/g, (marker) => alike.get(marker) ?? "")

const alike = new Map([
  ["*", "∗"],
  ["＊", "﹡"],
  ["_", "ˍ"],
  ["＿", "⸏"],
  ["~", "∼"],
  ["～", "∼"],
  ["`", "ˋ"],
  ["｀", "ˋ"]
])
