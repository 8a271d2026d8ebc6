/**
 * A message in Slack's format. The rich form is a headline and an attachment of blocks, because only attachments have a
 * colour; the plain form is text without markup.
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 */
import { cut, Message, quietText } from "@tocsin/core"
import { maxContextElements, maxFields, maxLink, maxText, shown } from "./limits.ts"
import { escape, inline, linkWithoutEmoji, type Span, withoutEmoji, write } from "./mrkdwn.ts"
import { bullet, mention, type Mentions, type Parts, parts } from "./parts.ts"

/** A text object of mrkdwn; `verbatim` keeps Slack from turning plain text into links and mentions. */
export interface Text {
  readonly type: "mrkdwn"
  readonly text: string
  readonly verbatim: true
}

/** The blocks of messages: only those that every client shows. */
export type Block =
  | { readonly type: "section"; readonly text: Text }
  | { readonly type: "section"; readonly fields: ReadonlyArray<Text> }
  | { readonly type: "context"; readonly elements: ReadonlyArray<Text> }

/** The body of a request to a webhook. */
export interface Payload {
  readonly text: string
  readonly mrkdwn?: false
  readonly parse: "none"
  readonly unfurl_links: false
  readonly unfurl_media: false
  readonly attachments?: ReadonlyArray<{
    readonly color: string
    readonly fallback: string
    readonly blocks: ReadonlyArray<Block>
  }>
}

/** The message as Slack shows it best. */
export const rich = (message: Message.Message, mentions: Mentions = {}): Payload => {
  const { color, headline, mention, ...rest } = parts(message, mentions)
  const blocks = [...summary(rest), ...facts(rest), ...list(rest), ...context(rest)]
  return {
    text: `${start(mention)}*${write(headline)}*`,
    ...quiet,
    ...(blocks.length > 0 && { attachments: [{ color, fallback: fallback(message), blocks }] })
  }
}

/** The message as plain text, for when Slack refused its rich form. */
export const plain = (message: Message.Message, mentions: Mentions = {}): Payload => {
  const called = start(mention(message, mentions))
  const text = quietText(shortened(message), maxText - called.length, {
    quiet: (text) => escape(withoutEmoji(text)),
    link
  })
  return { text: called + text, mrkdwn: false, ...quiet }
}

/** An address in plain text; one with an emoji, whose host is an IPv6 address, as a link, in which Slack reads none. */
const link = (href: string): string => {
  const shown = withoutEmoji(href)
  return shown === href
    ? escape(href)
    : `<${escape(href.replaceAll("|", "%7C"))}|${escape(shown.replaceAll("|", "∣"))}>`
}

/** A long name should not push the link and the facts out of the message. */
const shortened = ({ link, moreLinks, secondLink, ...message }: Message.Message): Message.Message => ({
  ...message,
  ...(link && link.href.length <= maxLink && { link: linkWithoutEmoji(link) }),
  ...(secondLink && { secondLink: { ...secondLink, link: linkWithoutEmoji(secondLink.link) } }),
  ...(moreLinks && {
    moreLinks: moreLinks
      .filter(({ link }) => link.href.length <= shown.moreLink)
      .map(({ label, link }) => ({ label: cut(label, shown.label), link: linkWithoutEmoji(link) }))
  }),
  headline: cut(message.headline, shown.headline),
  ...(message.summary !== undefined && { summary: cut(message.summary, shown.plainSummary) }),
  facts: message.facts.map((fact) => (fact._tag === "Text" ? { ...fact, text: cut(fact.text, shown.fact) } : fact)),
  lines: message.lines.map((line) => ({
    ...line,
    strong: cut(line.strong, shown.strong),
    ...(line.text !== undefined && { text: cut(line.text, shown.line) })
  }))
})

/** No previews of linked pages, and only explicit links and mentions. */
const quiet = { parse: "none", unfurl_links: false, unfurl_media: false } as const

const start = (mention: Span | undefined): string => (mention === undefined ? "" : `${write(mention)} `)

/** The text for clients that cannot show blocks. */
const fallback = ({ facts, headline, summary }: Message.Message): string =>
  escape(
    inline(
      [headline, summary, ...facts.slice(0, 2).map((fact) => `${fact.label}: ${Message.factText(fact)}`)]
        .filter((part) => part !== undefined)
        .join(" – "),
      shown.fallback
    )
  )

const summary = ({ summary }: Pick<Parts, "summary">): ReadonlyArray<Block> =>
  summary === undefined ? [] : [{ type: "section", text: mrkdwn(write(summary)) }]

const facts = ({ facts }: Pick<Parts, "facts">): ReadonlyArray<Block> =>
  chunks(facts, maxFields).map((facts) => ({
    type: "section",
    fields: facts.map(({ label, value }) => mrkdwn(`${write(label)}\n${write(value)}`))
  }))

const list = ({ list }: Pick<Parts, "list">): ReadonlyArray<Block> => {
  if (list === undefined) return []
  const { items, more, title } = list
  const text = [write(title), ...items.map(bullet), ...(more === undefined ? [] : [write(more)])]
  return [{ type: "section", text: mrkdwn(text.join("\n")) }]
}

const context = ({ context }: Pick<Parts, "context">): ReadonlyArray<Block> =>
  chunks(context, maxContextElements).map((spans) => ({
    type: "context",
    elements: spans.map((span) => mrkdwn(write(span)))
  }))

const mrkdwn = (text: string): Text => ({ type: "mrkdwn", text, verbatim: true })

const chunks = <A>(items: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size))
