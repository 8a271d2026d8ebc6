/**
 * Foreign text in Discord's Markdown, in which a backslash escapes any punctuation.
 *
 * @see https://support.discord.com/hc/en-us/articles/210298617
 */
import { cut, oneLine, paragraph } from "@tocsin/core"

/**
 * Escapes formats, mentions, links, emoji and lists. An escaped colon prevents links (`https://`) and emoji (`:name:`).
 */
export const escape = (text: string): string => text.replace(/[\\`*_~|<>@#:[\]().+-]/g, "\\$&")

/** Foreign text on one line, escaped, of at most `max` units. */
export const inline = (text: string, max: number): string => escape(cut(oneLine(text), max, { encode: escape }))

/** The same with its lines kept. */
export const lines = (text: string, max: number): string => escape(cut(paragraph(text), max, { encode: escape }))

/**
 * Foreign text on one line, of at most `max` units, for the text of a link, where Discord shows a backslash instead of
 * reading it. A character that could format, link or become an emoji is replaced by one that looks the same.
 *
 * @see https://github.com/discord/discord-api-docs/issues/6185#issuecomment-1666006809
 */
const label = (text: string, max: number): string =>
  cut(oneLine(text), max).replace(couldFormat, (mark) => alike.get(mark) ?? "")

/** An underscore inside a word formats nothing. */
const couldFormat = /[\\`*~|<>[\]]|(?<![A-Za-z0-9](?=.[A-Za-z0-9]))_|:(?=\/\/|[\w~+-]+:)/g

const alike = new Map([
  ["\\", "∖"],
  ["`", "ˋ"],
  ["*", "∗"],
  ["_", "ˍ"],
  ["~", "∼"],
  ["|", "∣"],
  ["<", "‹"],
  [">", "›"],
  ["[", "［"],
  ["]", "］"],
  [":", "∶"]
])

/** A linked text, or the text alone if the link is too long: half a link leads nowhere. */
export const linked = (
  text: string,
  link: URL | undefined,
  { max, maxLink }: { readonly max: number; readonly maxLink: number }
): string => {
  const href = link?.href.replace(/[()<>\\]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`)
  return href === undefined || href.length > maxLink ? inline(text, max) : `[${label(text, max)}](<${href}>)`
}
