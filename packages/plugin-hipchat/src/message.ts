import { type ChannelPlugin, cut, escapeHtml, fitting, Message, type NamedLink, type Notification } from "@tocsin/core"
import { Hash } from "effect"
import { type Card, card } from "./card.ts"
import { type accents, color } from "./color.ts"
import { limits, maxHeadline, maxLines } from "./limits.ts"
import { parts } from "./parts.ts"
import { clean, literal, literalLink, oneLine, sendable } from "./text.ts"

/**
 * The body of a room notification.
 *
 * https://developer.atlassian.com/server/hipchat/sending-messages/
 */
export interface Body {
  readonly from: string
  readonly message_format: "html" | "text"
  readonly color: keyof typeof accents
  /** Whether clients alert the room's members, by a sound and a mark on the room. */
  readonly notify: boolean
  readonly message: string
  /** Shown instead of `message` by clients with support for cards. */
  readonly card?: Card
}

/** A notification for a room: as HTML and a card, or as plain text. */
export const message = (
  notification: Notification,
  { conversation, form }: Pick<ChannelPlugin.DeliverOptions, "conversation" | "form">
): Body => {
  const words = shortened(Message.fromNotification(notification))
  const common = { from: "Tocsin", color: color(words), notify: words.state === "raised" }
  if (form === "plain") {
    return { ...common, message_format: "text", message: Message.plainText(literalMessage(words), limits.message) }
  }
  const html = messageHtml(words)
  const alert = "alert" in notification ? notification.alert : undefined
  // The same delivery always has the same id, and different messages of one alert have different ids.
  const id = [conversation?.id ?? alert?.id ?? "tocsin", notification._tag, Hash.string(html) >>> 0]
    .join("-")
    .replace(/[^\w-]/g, "_")
    .slice(-100)
  return {
    ...common,
    message_format: "html",
    message: html,
    card: card(parts(notification), { id, words })
  }
}

/** Shortens a list if a link leads to the rest. */
const shortened = (words: Message.Message): Message.Message =>
  sendable(words.link) === undefined || words.lines.length <= maxLines
    ? words
    : { ...words, lines: words.lines.slice(0, maxLines), omitted: words.omitted + words.lines.length - maxLines }

/** Renders the words as HTML that fits. The list is cut first; if the texts are very long, all of them are cut. */
const messageHtml = (words: Message.Message): string => {
  const parts = [1000, 300].map((share) => around(words, share)).find(({ left }) => left > 1000) ?? around(words, 100)
  return parts.head + list(words, parts.left) + parts.tail
}

/** More facts or notes than any message has; they keep the sum of the shares below the limit. */
const maxFacts = 20
const maxNotes = 5

/** The texts around the list, each at most `share` long, and the length that is left for the list. */
const around = (words: Message.Message, share: number) => {
  const html = (text: string, max = share) => escapeHtml(cut(oneLine(text), max, { encode: escapeHtml }))
  const anchor = (link: URL | undefined, inner: string) => {
    const short = sendable(link)
    return short === undefined ? inner : `<a href="${escapeHtml(short.href)}">${inner}</a>`
  }
  const head = [
    anchor(words.link, `<b>${html(words.headline, Math.min(share, maxHeadline))}</b>`),
    ...(words.summary === undefined ? [] : [breaks(cut(clean(words.summary), share, { encode: breaks }))]),
    ...words.facts.slice(0, maxFacts).map((fact) => `<b>${html(fact.label, 50)}:</b> ${html(Message.factText(fact))}`)
  ].join("<br>")
  const tail = [
    ...namedLinks(words).map(({ label, link }) => anchor(link, html(label, 50))),
    ...words.notes.slice(-maxNotes).map((note) => `<i>${html(note)}</i>`)
  ].join("<br>")
  const separated = words.lines.length + words.omitted === 0 && tail !== "" ? `<br>${tail}` : tail
  return { head, tail: separated, left: limits.message - head.length - separated.length }
}

/** The links that can be sent: the first, and short ones after it, so that they displace nothing. */
const namedLinks = (words: Message.Message): ReadonlyArray<NamedLink> =>
  Message.namedLinks(words).filter(({ link }, n) => n === 0 || link.href.length <= maxMoreLink)

const maxMoreLink = 500

const breaks = (text: string): string => escapeHtml(text).replaceAll("\n", "<br>")

const list = ({ lines, linesTitle, omitted }: Message.Message, max: number): string => {
  if (lines.length + omitted === 0) return ""
  const open = `<br><b>${escapeHtml(cut(oneLine(linesTitle), 50, { encode: escapeHtml }))}:</b><ul>`
  const items = lines.map(item)
  const more = (shown: number) => `<li>${Message.moreText(lines.length - shown + omitted)}</li>`
  const reserve = more(0).length
  const left = max - open.length - "</ul>".length - (omitted > 0 ? reserve : 0)
  const shown = fitting(
    items.map(({ length }) => length),
    { max: left, separator: 0, reserve: omitted > 0 ? 0 : reserve }
  )
  return [open, ...items.slice(0, shown), ...(lines.length - shown + omitted > 0 ? [more(shown)] : []), "</ul>"].join(
    ""
  )
}

const item = ({ link, strong, text }: Message.Line): string => {
  const html = (text: string) => escapeHtml(cut(oneLine(text), 300, { encode: escapeHtml }))
  const short = sendable(link)
  const name = short === undefined ? html(strong) : `<a href="${escapeHtml(short.href)}">${html(strong)}</a>`
  return `<li>${name}${text === undefined ? "" : `: ${html(text)}`}</li>`
}

/**
 * The words without anything that the `text` format interprets, and with each text short enough not to displace others.
 */
const literalMessage = (words: Message.Message): Message.Message => {
  const short = (text: string, max: number) => literal(cut(text, max, { encode: literal }))
  const one = (text: string, max = 1000) => short(oneLine(text), max)
  const { link: _link, moreLinks: _more, secondLink: _second, summary, ...rest } = words
  const link = literalLink(words.link)
  const [secondLink, ...moreLinks] = namedLinks(words).flatMap(({ label, link }) => {
    const literal = literalLink(link)
    return literal === undefined ? [] : [{ label: one(label, 50), link: literal }]
  })
  return {
    ...rest,
    headline: one(words.headline, maxHeadline),
    ...(link && { link }),
    ...(secondLink && { secondLink, moreLinks }),
    ...(summary !== undefined && { summary: short(clean(summary), 1000) }),
    facts: words.facts.map((fact) => (fact._tag === "Text" ? { ...fact, text: one(fact.text) } : fact)),
    lines: words.lines.map(({ strong, text }) => ({
      strong: one(strong, 300),
      ...(text !== undefined && { text: one(text, 300) })
    })),
    notes: words.notes.map((note) => one(note))
  }
}
