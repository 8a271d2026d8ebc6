/**
 * A message of Google Chat: a card, or plain text.
 *
 * @see https://developers.google.com/workspace/chat/api/reference/rest/v1/cards
 */
import { type ChannelPlugin, cut, escapeHtml, type Message, oneLine, Preview, quietText, utf8Units } from "@tocsin/core"

/**
 * The most bytes of a message, its text and its cards together.
 *
 * @see https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create
 */
export const maxBytes = 32_000

/** The longest text of the plain form, in bytes of its JSON. */
export const maxText = 4000

/** What is posted to a webhook, but for its thread. */
export type Payload =
  | { readonly text: string }
  | {
      /** What a notification on a phone says. */
      readonly fallbackText: string
      readonly cardsV2: readonly [
        {
          readonly cardId: "message"
          readonly card: { readonly sections: readonly [{ readonly widgets: ReadonlyArray<Widget> }] }
        }
      ]
    }

/** A part of a card; `text` is HTML in the few elements that Google Chat knows. */
export type Widget =
  | { readonly textParagraph: { readonly text: string } }
  | { readonly decoratedText: { readonly topLabel: string; readonly text: string; readonly wrapText: true } }

/** Bytes of a text in JSON. */
const jsonBytes = (text: string): string => utf8Units(JSON.stringify(text))

/** Bytes of a text as it is sent: as HTML in JSON. */
const sentBytes = (text: string): string => jsonBytes(escapeHtml(text))

/** How much of each part a card shows: together, with what is around it, less than `maxBytes`. */
const shown: Preview.Shown = {
  headline: 600,
  summary: 3000,
  label: 60,
  facts: 12,
  fact: 400,
  lines: 15,
  line: 250,
  links: 5,
  link: 500,
  notes: 4,
  note: 250,
  encode: sentBytes
}

/** A message as Google Chat shows it. */
export const preview = (message: Message.Message): Preview.Preview => Preview.fromMessage(message, shown)

/** The message in the form that is asked for. */
export const payload = (message: Message.Message, form: ChannelPlugin.Form): Payload => {
  if (form === "plain") return { text: quietText(message, maxText, { quiet, encode: jsonBytes }) }
  const { accent, blocks } = preview(message)
  const widgets = blocks.flatMap((block) => write(block, accent))
  return {
    fallbackText: quiet(cut(oneLine(message.headline), 200)),
    cardsV2: [{ cardId: "message", card: { sections: [{ widgets }] } }]
  }
}

/** https://developers.google.com/workspace/chat/format-messages#card-formatting */
const write = (block: Preview.Block, accent = "#000000"): ReadonlyArray<Widget> => {
  switch (block._tag) {
    case "Heading":
      return [paragraphOf(`<font color="${accent}">●</font> <b>${html(block.spans)}</b>`)]
    case "Text":
      return [paragraphOf(html(block.spans))]
    case "Facts":
      return block.facts.map(({ label, spans }) => ({
        // Tocsin's own words: this is no HTML.
        decoratedText: { topLabel: label, text: html(spans), wrapText: true }
      }))
    case "List":
      return [
        paragraphOf(
          [`<b>${escapeHtml(block.title ?? "")}</b>`, ...block.items.map((item) => `• ${html(item)}`)].join("<br>")
        )
      ]
    case "Footer":
      return [paragraphOf(`<i>${html(block.spans)}</i>`)]
    default:
      return []
  }
}

const paragraphOf = (text: string): Widget => ({ textParagraph: { text } })

const html = (spans: ReadonlyArray<Preview.Span>): string =>
  spans
    .map((span) => {
      const text = "text" in span ? escapeHtml(span.text).replaceAll("\n", "<br>") : ""
      return span._tag === "Link" ? `<a href="${escapeHtml(span.link.href)}">${text}</a>` : text
    })
    .join("")

/**
 * Keeps Google Chat from reading markup, mentions (`<users/all>`) and addresses in text, for which it has no escape: a word
 * joiner, which nobody sees, ends each.
 *
 * @see https://developers.google.com/workspace/chat/format-messages#format-texts
 */
const quiet = (text: string): string => text.replace(/[<*_~`@]|\/(?=\/)/g, "$&\u2060")
