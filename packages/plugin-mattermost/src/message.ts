/**
 * A post: an attachment with the alert's colour, or plain text.
 *
 * @see https://developers.mattermost.com/integrate/reference/message-attachments/
 */
import { type ChannelPlugin, cut, fitting, Message, oneLine, paragraph, Preview, quietText } from "@tocsin/core"

/**
 * The longest text. Mattermost splits posts above 16,383 characters, and Rocket.Chat refuses those above 5,000 by
 * default.
 *
 * @see https://developers.mattermost.com/integrate/webhooks/incoming/#tips-and-best-practices
 */
export const maxText = 4000

/** The length of each part of an attachment. */
const shown = {
  headline: 300,
  summary: 1000,
  label: 50,
  fact: 300,
  /** A longer fact gets a line of its own. */
  shortFact: 60,
  list: 2000,
  line: 200,
  /** Mattermost cuts a longer one. */
  footer: 300,
  link: 2000
} as const

/** The body of a request to a webhook. */
export interface Post {
  readonly text?: string
  readonly attachments?: ReadonlyArray<{
    readonly fallback: string
    readonly color: string
    readonly title: string
    readonly title_link?: string
    readonly text?: string
    readonly fields: ReadonlyArray<{ readonly title: string; readonly value: string; readonly short: boolean }>
    readonly footer?: string
  }>
}

/** The post for a message, in the requested form. */
export const post = (message: Message.Message, form: ChannelPlugin.Form): Post => {
  if (form === "plain") return { text: quietText(message, maxText, { quiet }) }
  const { facts, headline, link, notes, summary } = message
  const title_link = link && link.href.length <= shown.link ? link.href : undefined
  const title = inline(headline, shown.headline, title_link === undefined ? quiet : undirected)
  const text = [
    ...(summary === undefined ? [] : [quiet(cut(paragraph(summary), shown.summary, { encode: quiet }))]),
    ...list(message),
    ...links(message)
  ].join("\n")
  const footer = notes.length === 0 ? undefined : inline(notes.join(" · "), shown.footer, undirected)
  return {
    attachments: [
      {
        fallback: inline(headline, shown.headline, undirected),
        color: Preview.accentOf(message),
        title,
        ...(title_link !== undefined && { title_link }),
        ...(text !== "" && { text }),
        fields: facts.map((fact) => {
          const value = inline(Message.factText(fact), shown.fact)
          return { title: inline(fact.label, shown.label), value, short: value.length <= shown.shortFact }
        }),
        ...(footer !== undefined && { footer })
      }
    ]
  }
}

const list = ({ lines, linesTitle, omitted }: Message.Message): ReadonlyArray<string> => {
  if (lines.length + omitted === 0) return []
  const items = lines.map(({ link, strong, text }) => {
    const name = linked(strong, link, shown.line)
    return `- ${name}${text === undefined ? "" : `: ${inline(text, shown.line)}`}`
  })
  const more = (count: number) => `- ${Message.moreText(lines.length - count + omitted)}`
  const reserve = more(0).length
  const max = shown.list - (omitted > 0 ? reserve + 1 : 0)
  const fit = fitting(
    items.map(({ length }) => length),
    { max, reserve, separator: 1 }
  )
  const isCut = fit < lines.length || omitted > 0
  return [`**${inline(linesTitle, shown.label)}**`, ...items.slice(0, fit), ...(isCut ? [more(fit)] : [])]
}

const links = (message: Message.Message): ReadonlyArray<string> => {
  const made = Message.namedLinks(message).map(({ label, link }) => linked(label, link, shown.label))
  return made.length === 0 ? [] : ["", made.join(" · ")]
}

const linked = (text: string, link: URL | undefined, max: number): string => {
  const href = link?.href.replace(/[()<>\\]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`)
  return href === undefined || href.length > shown.link ? inline(text, max) : `[${inline(text, max)}](${href})`
}

const inline = (text: string, max: number, encode = quiet): string => encode(cut(oneLine(text), max, { encode }))

/**
 * Escapes foreign text, so that it appears as it was written. A backslash escapes formats. Mentions, tags, links, emoji
 * and Slack's markup have no escape; an invisible U+200B ends them, and at the start of a line it prevents quotes,
 * headings and lists.
 *
 * @see https://docs.mattermost.com/end-user-guide/collaborate/format-messages.html
 */
const quiet = (text: string): string => undirected(text.replace(/[\\`*_[\]|]/g, "\\$&"))

/** The same where nothing is formatted: in a title with a link, and in a footer. */
const undirected = (text: string): string => text.replace(/[@#~:<]/g, "$&\u200B").replace(/^(?=.)/gm, "\u200B")
