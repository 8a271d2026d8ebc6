/**
 * The content of a message event.
 *
 * @see https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes
 */
import { type ChannelPlugin, cut, escapeHtml, Message, type Notification, utf8Units } from "@tocsin/core"

/** A text message, with HTML in its rich form. */
export interface Content {
  readonly msgtype: "m.text"
  readonly body: string
  readonly format?: "org.matrix.custom.html"
  readonly formatted_body?: string
  /** Without it, older clients look for names in the body: foreign text must mention nobody. */
  readonly "m.mentions": object
}

/**
 * An event has at most 65,536 bytes, and an edit contains the content twice and its body a third time.
 *
 * @see https://spec.matrix.org/latest/client-server-api/#size-limits
 */
const maxBytes = 14_000

/** The content for a notification. `text` is the most UTF-16 units of its plain text. */
export const content = (
  notification: Notification,
  { form, text }: { readonly form: ChannelPlugin.Form; readonly text: number }
): Content => {
  const message = Message.fromNotification(notification)
  const body = cut(Message.plainText(message, text), maxBytes, { encode: json })
  const plain = { msgtype: "m.text", body, "m.mentions": {} } as const
  return form === "plain" ? plain : { ...plain, format: "org.matrix.custom.html", formatted_body: html(message) }
}

const html = (message: Message.Message): string => {
  const { facts, headline, lines, linesTitle, link, notes, omitted, summary } = message
  const shown = lines.slice(0, maxLines)
  const more = lines.length - shown.length + omitted
  const items = shown.map(({ link, strong, text }) => {
    const name = linked(strong, link, maxLineBytes)
    return `<li>${text === undefined ? name : `${name}: ${escaped(text, maxLineBytes)}`}</li>`
  })
  return [
    `<p><strong>${linked(headline, link, 1000)}</strong></p>`,
    summary === undefined ? "" : `<p>${escaped(summary, 2000)}</p>`,
    `<p>${facts.map((fact) => `<b>${fact.label}</b>: ${escaped(Message.factText(fact), 500)}`).join("<br>")}</p>`,
    items.length + more === 0 ? "" : `<p>${escaped(linesTitle, 100)}</p><ul>${items.join("")}</ul>`,
    more === 0 ? "" : `<p>${Message.moreText(more)}</p>`,
    ...Message.namedLinks(message).map(({ label, link }) => `<p>${linked(label, link, 100)}</p>`),
    ...notes.map((note) => `<p><em>${escaped(note, 300)}</em></p>`)
  ].join("")
}

/** A few lines show the pattern if a link leads to the rest. */
const maxLines = 15
const maxLineBytes = 150

/** Longer links are left out: half a link leads nowhere. */
const maxLinkBytes = 500

const linked = (text: string, link: URL | undefined, max: number): string => {
  const href = link === undefined ? "" : escape(link.href)
  return href === "" || json(href).length > maxLinkBytes
    ? escaped(text, max)
    : `<a href="${href}">${escaped(text, max)}</a>`
}

/** Foreign text as HTML, at most `max` bytes in the request. */
const escaped = (text: string, max: number): string => escape(cut(text, max, { encode: (text) => json(escape(text)) }))

const escape = (text: string): string => escapeHtml(text).replace(/\n/g, "<br>")

/** One unit for each byte of the text in JSON. */
const json = (text: string): string => utf8Units(JSON.stringify(text).slice(1, -1))
