/**
 * A message of Webex: Markdown, or plain text.
 *
 * @see https://developer.webex.com/docs/basics#formatting-messages
 */
import { type ChannelPlugin, dividedLinks, type Message, Preview, quietText, utf8Units } from "@tocsin/core"

/**
 * The most bytes of a text.
 *
 * @see https://developer.webex.com/docs/api/v1/messages/create-a-message
 */
export const maxText = 7439

/** The text of a message. */
export type Payload = { readonly markdown: string } | { readonly text: string }

/**
 * Foreign text in Markdown, which shows as it was written. A backslash or an entity ends formats, mentions and HTML;
 * addresses have no escape, so that an invisible U+200B divides those.
 */
export const escape = (text: string): string =>
  quiet(text)
    .replace(/[\\`*_[\]~|#]/g, "\\$&")
    .replace(/[&<>]/g, (mark) => entities[mark] ?? "")

/** Divides what clients turn into links, and what starts a quote, a list or a line at the start of a line. */
const quiet = (text: string): string =>
  dividedLinks(text)
    .replaceAll("@", "@\u200B")
    .replace(/^(?=[+=>-]|\d+[.)])/gm, "\u200B")

const entities: { readonly [mark: string]: string } = { "&": "&amp;", "<": "&lt;", ">": "&gt;" }

/** At least the bytes of a text as it is sent, wherever it is cut: what is quiet depends on what follows. */
const bytes = (text: string): string => utf8Units(text.replace(/[:w\n]/gi, "$&\u200B"))

const units = (text: string): string => bytes(escape(text))

/** How much of each part is shown: together within `maxText`. */
const shown: Preview.Shown = {
  headline: 300,
  summary: 900,
  label: 40,
  facts: 8,
  fact: 170,
  lines: 6,
  line: 100,
  links: 2,
  link: 240,
  notes: 3,
  note: 130,
  encode: units
}

/** A message as Webex shows it, which has no colours. */
export const preview = (message: Message.Message): Preview.Preview => ({
  blocks: Preview.fromMessage(message, shown).blocks
})

/** The message in the requested form. */
export const payload = (message: Message.Message, form: ChannelPlugin.Form): Payload =>
  form === "rich"
    ? { markdown: preview(message).blocks.map(write).join("\n\n") }
    : { text: quietText(message, maxText, { quiet, encode: bytes }) }

const write = (block: Preview.Block): string => {
  switch (block._tag) {
    case "Heading":
      return `**${markdown(block.spans)}**`
    case "Facts":
      return block.facts.map(({ label, spans }) => `- ${escape(label)}: ${markdown(spans)}`).join("\n")
    case "List":
      return [`**${escape(block.title ?? "")}**`, "", ...block.items.map((item) => `- ${markdown(item)}`)].join("\n")
    case "Footer":
      return `*${markdown(block.spans)}*`
    case "Text":
      // Two spaces end a line.
      return markdown(block.spans).replaceAll("\n", "  \n")
    default:
      return ""
  }
}

const markdown = (spans: ReadonlyArray<Preview.Span>): string =>
  spans
    .map((span) => {
      const text = "text" in span ? escape(span.text) : ""
      return span._tag === "Link" ? `[${text}](${address(span.link)})` : text
    })
    .join("")

/** A URL in which nothing ends a link of Markdown. */
const address = ({ href }: URL): string => href.replaceAll("(", "%28").replaceAll(")", "%29")
