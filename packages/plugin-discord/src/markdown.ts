/**
 * Foreign text in Discord's Markdown, in which a backslash keeps any punctuation as it is.
 *
 * @see https://support.discord.com/hc/en-us/articles/210298617
 */
import { cut, oneLine, paragraph } from "@tocsin/core"

/**
 * Escapes what formats, mentions, links, or becomes an emoji or a list: without its colon `https://` is no link, and no text a
 * `:name:`.
 */
export const escape = (text: string): string => text.replace(/[\\`*_~|<>@#:[\]().+-]/g, "\\$&")

/** Foreign text on one line, escaped, of at most `max` units. */
export const inline = (text: string, max: number): string => escape(cut(oneLine(text), max, { encode: escape }))

/** The same with its lines kept. */
export const lines = (text: string, max: number): string => escape(cut(paragraph(text), max, { encode: escape }))

/** A text that links, where the link is short enough to be worth its room: half a link leads nowhere. */
export const linked = (
  text: string,
  link: URL | undefined,
  { max, maxLink }: { readonly max: number; readonly maxLink: number }
): string => {
  const href = link?.href.replace(/[()<>\\]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`)
  return href === undefined || href.length > maxLink ? inline(text, max) : `[${inline(text, max)}](<${href}>)`
}
