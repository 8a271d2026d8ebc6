/**
 * A message in Slack's words. The rich form is a headline and an attachment of
 * blocks, which alone can have a colour; the plain form is text without markup.
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 */
import { cut, fitting, Message, type Severity } from "@tocsin/core"
import { maxContextElements, maxFields, maxLink, maxText, shown } from "./limits.ts"
import { escape, inline, link, paragraph, printable, time } from "./mrkdwn.ts"

/** The colours of raised alerts by severity, of what is cleared, and of notices. */
export const colors = {
  critical: "#C62828",
  major: "#EF6C00",
  minor: "#F9C80E",
  info: "#1E88E5",
  cleared: "#2EB67D",
  notice: "#9E9E9E"
} as const

/** A text object of mrkdwn; `verbatim` keeps Slack from making links and mentions of what only looks like one. */
export interface Text {
  readonly type: "mrkdwn"
  readonly text: string
  readonly verbatim: true
}

/** The blocks that messages are made of: the ones that every client knows. */
export type Block =
  | { readonly type: "section"; readonly text: Text }
  | { readonly type: "section"; readonly fields: ReadonlyArray<Text> }
  | { readonly type: "context"; readonly elements: ReadonlyArray<Text> }

/** What is posted to a webhook. */
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

/** Whom to mention by the severity of what is raised, as the settings name them. */
export type Mentions = { readonly [K in Severity]?: string }

/** The message as Slack shows it best. */
export const rich = (message: Message.Message, mentions: Mentions = {}): Payload => {
  const blocks = [...summary(message), ...facts(message), ...list(message), ...context(message)]
  return {
    text: `${mention(message, mentions)}*${link(message.link, inline(message.headline, shown.headline))}*`,
    ...quiet,
    ...(blocks.length > 0 && { attachments: [{ color: color(message), fallback: fallback(message), blocks }] })
  }
}

/** The message as plain text, for when Slack refused its rich form. */
export const plain = (message: Message.Message, mentions: Mentions = {}): Payload => {
  const start = mention(message, mentions)
  const room = maxText - start.length
  const short = shortened(message)
  const write = (max: number) => escape(printable(Message.plainText(short, max)).trim() || "–")
  let max = room
  let text = write(max)
  // Escaped text can be longer, and by how much is known only once it is cut.
  while (text.length > room) {
    max = Math.floor((max * room) / text.length)
    text = write(max)
  }
  return { text: start + text, mrkdwn: false, ...quiet }
}

/** A long name should not push the link and the facts out of the message. */
const shortened = ({ link, ...message }: Message.Message): Message.Message => ({
  ...message,
  ...(link && link.href.length <= maxLink && { link }),
  headline: cut(message.headline, shown.headline),
  ...(message.summary !== undefined && { summary: cut(message.summary, shown.plainSummary) }),
  facts: message.facts.map((fact) => (fact._tag === "Text" ? { ...fact, text: cut(fact.text, shown.fact) } : fact)),
  lines: message.lines.map((line) => ({
    ...line,
    strong: cut(line.strong, shown.strong),
    ...(line.text !== undefined && { text: cut(line.text, shown.line) })
  }))
})

/** No previews of linked pages, and no links or mentions but those that are written as such. */
const quiet = { parse: "none", unfurl_links: false, unfurl_media: false } as const

const mention = ({ severity, state }: Message.Message, mentions: Mentions): string => {
  const whom = mentions[severity]
  if (state !== "raised" || whom === undefined) return ""
  if (whom.startsWith("S")) return `<!subteam^${whom}> `
  return /^[UW]/.test(whom) ? `<@${whom}> ` : `<!${whom}> `
}

const color = ({ severity, state }: Message.Message): string => colors[state === "raised" ? severity : state]

/** What clients show that cannot show blocks. */
const fallback = ({ facts, headline, summary }: Message.Message): string =>
  inline(
    [headline, summary, ...facts.slice(0, 2).map((fact) => `${fact.label}: ${Message.factText(fact)}`)]
      .filter((part) => part !== undefined)
      .join(" – "),
    shown.fallback
  )

const summary = ({ summary }: Message.Message): ReadonlyArray<Block> =>
  summary === undefined ? [] : [{ type: "section", text: mrkdwn(paragraph(summary, shown.summary)) }]

const facts = ({ facts }: Message.Message): ReadonlyArray<Block> =>
  chunks(facts, maxFields).map((facts) => ({
    type: "section",
    fields: facts.map((fact) =>
      mrkdwn(
        `*${inline(fact.label, shown.label)}*\n${fact._tag === "Time" ? time(fact.at) : inline(fact.text, shown.fact)}`
      )
    )
  }))

const list = ({ lines, linesTitle, omitted }: Message.Message): ReadonlyArray<Block> => {
  // Where lines are names alone, nothing need stand out.
  const emphasis = lines.some(({ link, text }) => link !== undefined || text !== undefined) ? "*" : ""
  const title = `*${inline(linesTitle, shown.label)}*`
  const more = (shown: number) => Message.moreText(lines.length - shown + omitted)
  const written = lines.map((line) => {
    const label = inline(line.strong, shown.strong)
    const linked = link(line.link, label)
    return `• ${linked === label ? `${emphasis}${label}${emphasis}` : linked}${line.text === undefined ? "" : `: ${inline(line.text, shown.line)}`}`
  })
  const reserve = more(0).length
  const fit = fitting(
    written.map((line) => line.length),
    { max: shown.list - title.length - 1 - (omitted > 0 ? reserve + 1 : 0), reserve, separator: 1 }
  )
  const text = [title, ...written.slice(0, fit), ...(fit < lines.length || omitted > 0 ? [more(fit)] : [])]
  return text.length === 1 ? [] : [{ type: "section", text: mrkdwn(text.join("\n")) }]
}

const context = ({ notes, secondLink }: Message.Message): ReadonlyArray<Block> => {
  const linked = secondLink && link(secondLink.link, inline(secondLink.label, shown.label))
  const texts = [...(linked?.startsWith("<") ? [linked] : []), ...notes.map((note) => inline(note, shown.note))]
  return chunks(texts, maxContextElements).map((texts) => ({ type: "context", elements: texts.map(mrkdwn) }))
}

const mrkdwn = (text: string): Text => ({ type: "mrkdwn", text, verbatim: true })

const chunks = <A>(items: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size))
