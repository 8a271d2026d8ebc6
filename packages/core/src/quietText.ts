/**
 * A message as text for a channel that reads markup, mentions or links in plain text, and has no escape for them.
 */
import { type Message, namedLinks, plainText } from "./Message.ts"
import { paragraph } from "./text.ts"

/** How a channel's plain text is made harmless. */
export interface QuietOptions {
  /** Returns foreign text in which nothing formats, mentions or links. */
  readonly quiet: (text: string) => string
  /** Writes one of the message's own links; as it is by default. */
  readonly link?: (href: string) => string
  /** Encodes the text as it will be sent, as for `cut`: its length counts. */
  readonly encode?: (text: string) => string
}

/**
 * Renders the message as `Message.plainText` does, without control characters, and in at most `max` units of the result.
 * All of it is foreign text and becomes quiet, except for the message's own links, which lead where they should.
 */
export const quietText = (
  message: Message,
  max: number,
  { encode = (text) => text, link = (href) => href, quiet }: QuietOptions
): string => {
  const links = [message.link, ...namedLinks(message).map(({ link }) => link)]
  const own = links.flatMap((link) => (link === undefined ? [] : [link.href]))
  const pattern = own.map((href) => href.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|")
  const grown = own.map((href) => Math.max(0, encode(link(href)).length - encode(quiet(href)).length))
  const room = max - grown.reduce((sum, units) => sum + units, 0)
  return paragraph(plainText(message, room, { encode: (text) => encode(quiet(text)) }))
    .split(new RegExp(`(?<!\\S)(${pattern || "(?!)"})(?!\\S)`))
    .map((part, n) => (n % 2 === 1 ? link(part) : quiet(part)))
    .join("")
}
