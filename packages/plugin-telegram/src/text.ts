/**
 * The text of a message: HTML in Telegram's few elements, or plain.
 *
 * @see https://core.telegram.org/bots/api#html-style
 */
import { type ChannelPlugin, cut, escapeHtml, fitting, Message, oneLine, paragraph, quietText } from "@tocsin/core"

/**
 * The longest text, in UTF-16 units after its elements and entities were read.
 *
 * @see https://core.telegram.org/bots/api#sendmessage
 */
export const maxText = 4096

/** The length of each part: together within Telegram's limit, escapes included. */
const shown = {
  headline: 250,
  summary: 600,
  label: 40,
  fact: 130,
  facts: 9,
  list: 900,
  line: 150,
  note: 150,
  notes: 3,
  link: 2048
} as const

/** The text for a message, and its parse mode. */
export const text = (
  message: Message.Message,
  form: ChannelPlugin.Form
): { readonly text: string; readonly parse_mode?: "HTML" } =>
  form === "rich" ? { text: html(message), parse_mode: "HTML" } : { text: quietText(message, maxText, { quiet }) }

const html = (message: Message.Message): string => {
  const { facts, headline, link, notes, summary } = message
  return [
    linked(headline, link, shown.headline, "b"),
    ...(summary === undefined ? [] : [escapeHtml(quiet(cut(paragraph(summary), shown.summary, { encode: quiet })))]),
    // Telegram makes no links or mentions in code, and a tap copies it.
    ...facts
      .slice(0, shown.facts)
      .map(
        (fact) =>
          `${inline(fact.label, shown.label)}: <code>${escapeHtml(cut(oneLine(Message.factText(fact)), shown.fact))}</code>`
      ),
    ...list(message),
    ...links(message),
    ...notes.slice(0, shown.notes).map((note) => `<i>${inline(note, shown.note)}</i>`)
  ].join("\n")
}

const list = ({ lines, linesTitle, omitted }: Message.Message): ReadonlyArray<string> => {
  if (lines.length + omitted === 0) return []
  const items = lines.map(({ link, strong, text }) => {
    const name = linked(strong, link, shown.line)
    return `• ${name}${text === undefined ? "" : `: ${inline(text, shown.line)}`}`
  })
  const title = `<b>${inline(linesTitle, shown.label)}</b>`
  const more = (count: number) => `• ${Message.moreText(lines.length - count + omitted)}`
  const reserve = more(0).length
  // Only visible text counts.
  const lengths = items.slice(0, shown.list).map((item) => item.replace(/<[^>]*>/g, "").length)
  const max = shown.list - (omitted > 0 ? reserve + 1 : 0)
  const fit = Math.min(maxEntities, fitting(lengths, { max, reserve, separator: 1 }))
  return [title, ...items.slice(0, fit), ...(fit < lines.length || omitted > 0 ? [more(fit)] : [])]
}

/**
 * The most links. Telegram keeps 100 entities of a message, such as links, and drops the others, which it does not
 * document.
 *
 * @see https://docs.python-telegram-bot.org/en/stable/telegram.constants.html
 */
const maxEntities = 50

const links = (message: Message.Message): ReadonlyArray<string> => {
  const made = Message.namedLinks(message)
    .slice(0, maxLinks)
    .map(({ label, link }) => linked(label, link, shown.label))
  return made.length === 0 ? [] : [made.join(" · ")]
}

const maxLinks = 5

/** A linked text; if the link is too long, the text in the given element, if any. */
const linked = (text: string, link: URL | undefined, max: number, element?: "b"): string => {
  const inner = inline(text, max)
  const named =
    link === undefined || link.href.length > shown.link ? inner : `<a href="${escapeHtml(link.href)}">${inner}</a>`
  return element === undefined ? named : `<${element}>${named}</${element}>`
}

const inline = (text: string, max: number): string => escapeHtml(quiet(cut(oneLine(text), max, { encode: quiet })))

/**
 * Keeps Telegram from turning foreign text into links, mentions, hashtags and commands. It has no escape for them; an
 * invisible word joiner ends each.
 *
 * @see https://core.telegram.org/bots/api#messageentity
 */
const quiet = (text: string): string => text.replace(/[@#/.$]/g, "$&\u2060")
