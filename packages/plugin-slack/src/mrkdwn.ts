/**
 * Foreign text in Slack's markup, mrkdwn.
 *
 * @see https://docs.slack.dev/messaging/formatting-message-text
 */
import { cut, type Link, Message, type Preview } from "@tocsin/core"
import type { DateTime } from "effect"
import { maxLink } from "./limits.ts"

/** The spans of messages. */
export type Span = Extract<Preview.Span, { readonly _tag: "Plain" | "Strong" | "Link" | "Mention" | "Time" }>

export type Strong = Extract<Span, { readonly _tag: "Strong" }>

/** A span in Slack's markup. */
export const write = (span: Span): string => {
  switch (span._tag) {
    case "Plain":
      return escape(span.text)
    case "Strong":
      return `*${escape(span.text)}*`
    case "Link":
      return `<${escape(span.link.href)}|${escape(span.text)}>`
    case "Mention":
      return mention(span.text.slice(1))
    case "Time":
      return time(span.at)
  }
}

const mention = (whom: string): string => {
  if (whom.startsWith("S")) return `<!subteam^${whom}>`
  return /^[UW]/.test(whom) ? `<@${whom}>` : `<!${whom}>`
}

/** Escapes the three characters that Slack reads as markup everywhere. */
export const escape = (text: string): string =>
  /[&<>]/.test(text) ? text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;") : text

/**
 * Removes invisible characters that could mislead a reader: control characters, overrides of the direction, half
 * characters.
 */
export const printable = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, "\n")
    .replace(/[\t\v\f]/g, " ")
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, "")

/** Foreign text on one line, of at most `max` units after escaping. */
export const inline = (text: string, max: number): string =>
  text.length <= max && harmless.test(text) ? text : fit(printable(text).replace(/\s+/g, " ").trim(), max)

/** Most texts: they mean the same in mrkdwn, and this check takes a tenth of what replacing takes. */
const harmless = /^[A-Za-z0-9.,;()/%=+#!?'"-]+(?::? [A-Za-z0-9.,;()/%=+#!?'"-]+)*$/

/** The same with its lines kept, except for empty ones. */
export const paragraph = (text: string, max: number): string =>
  fit(
    printable(text)
      .split("\n")
      .map((line) => line.replace(/\s+/g, " ").trim())
      .filter((line) => line !== "")
      .join("\n"),
    max
  )

/**
 * The first colon of an emoji, `:name:`, which Slack also recognises inside a word (`00:ab:cd:de`) and in plain text.
 * Workspaces have their own emoji, so any name may be one.
 *
 * @see https://github.com/yhatt/jsx-slack/issues/98 for the characters of a name
 */
const emojiColon = /:(?=[\p{L}\p{M}\p{N}_＿+＋'-]+:)/gu

/** Replaces the first colon of each `:name:` by U+2236, which reads the same: Slack has no escape for it. */
export const withoutEmoji = (text: string): string => text.replace(emojiColon, "∶")

/**
 * The URL with the colons of each `:name:` in its path, query and fragment encoded, which does not change where it
 * leads.
 */
export const linkWithoutEmoji = (link: Link): Link => {
  const { href } = link
  const path = href.indexOf("/", "https://".length)
  return new URL(href.slice(0, path) + href.slice(path).replace(emojiColon, "%3A"))
}

/** A linked text, or `Plain` or `Strong` without a link that Slack accepts. */
export const linked = (to: Link | undefined, text: string, otherwise: "Plain" | "Strong"): Span => {
  // A bar would end the URL.
  const href = to && /^https?:$/.test(to.protocol) ? linkWithoutEmoji(to).href.replaceAll("|", "%7C") : ""
  if (href === "" || escape(href).length > maxLink) return { _tag: otherwise, text }
  // A bar would also end the text; U+2223 looks the same.
  return { _tag: "Link", text: text.replaceAll("|", "∣"), link: new URL(href) }
}

/** A time in the reader's own zone, or in UTC if the client does not know it. */
const time = (at: DateTime.Utc): string =>
  `<!date^${Math.floor(at.epochMilliseconds / 1000)}^{date_short_pretty} at {time_secs}|${withoutEmoji(Message.timeText(at))}>`

/** Whether Slack accepts the time as a date: from 1970 to 9999. */
export const isDate = (at: DateTime.Utc): boolean =>
  at.epochMilliseconds >= 0 && at.epochMilliseconds < endOf9999 * 1000

const endOf9999 = 253_402_300_800

const fit = (text: string, max: number): string =>
  // A text object must not be empty.
  withoutEmoji(unformatted(cut(unquoted(text) || "–", max, { encode: escape })))

/**
 * A `>` at the start of a line quotes it, escaped or not. A soft hyphen before it, which is not shown, prevents that.
 */
const unquoted = (text: string): string => text.replace(/^[>＞]/gm, "\u00AD$&")

/**
 * Replaces formatting characters by others that look the same. Slack has no escape for them, and zero-width characters
 * beside them make them format even inside a word. Slack also recognises the full-width ones.
 *
 * A character inside a word (`node_load_avg`) or between spaces (`rate * 100`) formats nothing, and stays, so that the
 * text can be copied.
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
