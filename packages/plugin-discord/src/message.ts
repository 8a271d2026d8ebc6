/**
 * A message of Discord: an embed, or plain text without markup.
 *
 * @see https://docs.discord.com/developers/resources/message#embed-object
 */
import { type ChannelPlugin, cut, fitting, Message, oneLine, Preview, quietText } from "@tocsin/core"
import { DateTime } from "effect"
import * as limits from "./limits.ts"
import { escape, inline, lines, linked } from "./markdown.ts"

/** The body of a new or an edited message. */
export interface Payload {
  readonly content: string
  readonly embeds: ReadonlyArray<Embed>
  /** No text mentions anyone, whatever it contains. */
  readonly allowed_mentions: { readonly parse: readonly [] }
  /** 4 is `SUPPRESS_EMBEDS`: no previews of linked pages. */
  readonly flags: 0 | 4
}

/** A message with a colour beside it. */
export interface Embed {
  readonly title: string
  readonly url?: string
  readonly description?: string
  readonly color: number
  readonly fields: ReadonlyArray<{ readonly name: string; readonly value: string; readonly inline: boolean }>
  readonly footer?: { readonly text: string }
}

/** The message in the requested form. */
export const payload = (message: Message.Message, form: ChannelPlugin.Form): Payload => {
  const quiet = { allowed_mentions: { parse: [] } } as const
  return form === "rich"
    ? { content: "", embeds: [embed(message)], ...quiet, flags: 0 }
    : {
        content: quietText(message, limits.maxContent, { quiet: escape }),
        embeds: [],
        ...quiet,
        flags: 4
      }
}

const embed = (message: Message.Message): Embed => {
  const { facts, headline, link, notes, summary } = message
  const { shown } = limits
  const description = [
    ...(summary === undefined ? [] : [lines(summary, shown.summary)]),
    ...list(message),
    ...links(message)
  ].join("\n")
  const footer = cut(notes.map(oneLine).join(" · "), shown.footer)
  return {
    title: inline(headline, limits.embed.title),
    ...(link && link.href.length <= maxUrl && { url: link.href }),
    ...(description !== "" && { description }),
    color: Number.parseInt(Preview.accentOf(message).slice(1), 16),
    fields: facts.slice(0, shown.facts).map((fact) => {
      const value = fact._tag === "Time" ? time(fact.at) : inline(fact.text, shown.fact)
      return { name: inline(fact.label, shown.label), value, inline: value.length <= maxInline }
    }),
    ...(footer !== "" && { footer: { text: footer } })
  }
}

/**
 * The longest `url` that Discord accepts; it refuses the whole message if one is longer.
 *
 * @see https://github.com/discord/discord-api-docs/pull/6531
 */
const maxUrl = 2048

/** A longer fact gets a line of its own. */
const maxInline = 60

const list = ({ lines, linesTitle, omitted }: Message.Message): ReadonlyArray<string> => {
  if (lines.length + omitted === 0) return []
  const { shown } = limits
  const items = lines.map(({ link, strong, text }) => {
    const name = linked(strong, link, { max: shown.line, maxLink: shown.link })
    return `- ${name}${text === undefined ? "" : `: ${inline(text, shown.line)}`}`
  })
  const title = `**${inline(linesTitle, shown.label)}**`
  const more = (count: number) => `- ${Message.moreText(lines.length - count + omitted)}`
  const reserve = more(0).length
  const fit = fitting(
    items.map(({ length }) => length),
    { max: shown.list - title.length - 1 - (omitted > 0 ? reserve + 1 : 0), reserve, separator: 1 }
  )
  return [title, ...items.slice(0, fit), ...(fit < lines.length || omitted > 0 ? [more(fit)] : [])]
}

const links = (message: Message.Message): ReadonlyArray<string> => {
  const { label, link: maxLink } = limits.shown
  const made = Message.namedLinks(message)
    .slice(0, maxLinks)
    .filter(({ link }) => link.href.length <= maxLink)
    .map(({ label: text, link }) => linked(text, link, { max: label, maxLink }))
  return made.length === 0 ? [] : [made.join(" · ")]
}

/** An alert's own page and the first two of its further links. */
const maxLinks = 3

/**
 * A time in the reader's own zone; Discord accepts JavaScript's range.
 *
 * @see https://docs.discord.com/developers/reference#message-formatting-timestamp-styles
 */
const time = (at: DateTime.Utc): string => `<t:${Math.floor(DateTime.toEpochMillis(at) / 1000)}:f>`
