import { escapeHtml } from "@tocsin/core"
import { maxLink } from "./limits.ts"

/** Foreign text, well-formed and without control characters, with its line breaks; `?` if nothing is left. */
export const clean = (text: string): string =>
  text
    .toWellFormed()
    // An override of the direction could make a message read differently from what was written.
    .replace(/[\u202A-\u202E\u2066-\u2069]/g, "")
    .replace(/\s*[\n\r\p{Zl}\p{Zp}]\s*/gu, "\n")
    .replace(/\t/g, " ")
    .replace(/(?!\n)[\p{Cc}\p{Noncharacter_Code_Point}]/gu, "")
    .trim() || "?"

/** Foreign text as one line: a name with a line break in it must not look like two statements. */
export const oneLine = (text: string): string => clean(text).replace(/\s+/g, " ")

/** Invisible, and joined to the character before it, so that no cut separates the two. */
const guard = "\u200C"

/**
 * Escapes a text so that HipChat's `text` format shows it as it is: no `@all` that pages the room, no `(emoticon)`, no
 * smiley, and no `/command` at its start.
 */
export const literal = (text: string): string =>
  text.replace(/^\//, `${guard}/`).replace(smileyEyes, `$&${guard}`).replace(/[@(]/g, `$&${guard}`)

/**
 * The eyes of a smiley, such as `:)`, `;-)`, `8)`, `:'(` or `:D`; not the colon of `https://`.
 *
 * @see https://confluence.atlassian.com/hipchatdc3/fun-with-emoticons-966656104.html
 */
const smileyEyes = /(?:[:;](?=['’]?-?[()|*$#])|(?<![\p{L}\p{N}])(?:8(?=-?\))|[:;](?=-?[DPpOoZz\\/](?![\p{L}\p{N}]))))/gu

/** Returns a link if it is short enough to be sent, else undefined. */
export const sendable = (link: URL | undefined): URL | undefined =>
  link === undefined || escapeHtml(link.href).length > maxLink ? undefined : link

/** Encodes a link for the `text` format, which would interpret an `@`, a parenthesis or a smiley in it. */
export const literalLink = (link: URL | undefined): URL | undefined => {
  const short = sendable(link)
  if (short === undefined) return undefined
  const url = new URL(short.href.replace(/\(/g, "%28").replace(/\)/g, "%29"))
  url.username = ""
  url.password = ""
  const quiet = url.href.replace(/@/g, "%40").replace(smileyEyes, encodeURIComponent)
  // The remaining ones are in the host's name, where nothing can be encoded.
  return /[@(]/.test(quiet) || quiet.length > maxLink ? undefined : new URL(quiet)
}
