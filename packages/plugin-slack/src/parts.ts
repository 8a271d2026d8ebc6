/**
 * The content of a message, cut to its limits: the request and the preview are both made of it.
 */
import { fitting, Message, Preview, type Severity } from "@tocsin/core"
import { shown } from "./limits.ts"
import { inline, isDate, linked, paragraph, type Span, type Strong, write } from "./mrkdwn.ts"

/** The mention for a raised alert of each severity, as in the settings. */
export type Mentions = { readonly [K in Severity]?: string }

/** The parts of a message, in the order in which they are read. */
export interface Parts {
  readonly color: string
  readonly mention: Span | undefined
  readonly headline: Span
  readonly summary: Span | undefined
  readonly facts: ReadonlyArray<{ readonly label: Strong; readonly value: Span }>
  readonly list:
    | {
        readonly title: Strong
        readonly items: ReadonlyArray<ReadonlyArray<Span>>
        /** The number of items that are not shown. */
        readonly more: Span | undefined
      }
    | undefined
  readonly context: ReadonlyArray<Span>
}

/** The parts of a message in its rich form. */
export const parts = (message: Message.Message, mentions: Mentions = {}): Parts => ({
  color: Preview.accentOf(message),
  mention: mention(message, mentions),
  headline: linked(message.link, inline(message.headline, shown.headline), "Plain"),
  summary: message.summary === undefined ? undefined : plain(paragraph(message.summary, shown.summary)),
  facts: message.facts.map((fact) => ({
    label: strong(inline(fact.label, shown.label)),
    value:
      fact._tag === "Time" && isDate(fact.at)
        ? { _tag: "Time", at: fact.at }
        : plain(inline(Message.factText(fact), shown.fact))
  })),
  list: list(message),
  context: context(message)
})

/** The mention of a message; undefined unless an alert is raised. */
export const mention = ({ severity, state }: Message.Message, mentions: Mentions): Span | undefined => {
  const whom = mentions[severity]
  return state !== "raised" || whom === undefined ? undefined : { _tag: "Mention", text: `@${whom}` }
}

/** One item of a list in Slack's markup. */
export const bullet = (item: ReadonlyArray<Span>): string => `• ${item.map(write).join("")}`

const list = ({ lines, linesTitle, omitted }: Message.Message): Parts["list"] => {
  if (lines.length + omitted === 0) return undefined
  // If all lines are names only, none is emphasised.
  const name = lines.some(({ link, text }) => link !== undefined || text !== undefined) ? "Strong" : "Plain"
  const title = strong(inline(linesTitle, shown.label))
  const items = lines.map(({ link, strong, text }) => [
    linked(link, inline(strong, shown.strong), name),
    ...(text === undefined ? [] : [plain(`: ${inline(text, shown.line)}`)])
  ])
  const more = (shown: number) => Message.moreText(lines.length - shown + omitted)
  const reserve = more(0).length
  const fit = fitting(
    items.map((item) => bullet(item).length),
    { max: shown.list - write(title).length - 1 - (omitted > 0 ? reserve + 1 : 0), reserve, separator: 1 }
  )
  const isCut = fit < lines.length || omitted > 0
  return { title, items: items.slice(0, fit), more: isCut ? plain(more(fit)) : undefined }
}

const context = (message: Message.Message): ReadonlyArray<Span> => {
  const links = Message.namedLinks(message).flatMap(({ label, link }, n) => {
    const span = linked(link, inline(label, shown.label), "Plain")
    return span._tag === "Link" && (n === 0 || write(span).length <= shown.moreLink) ? [span] : []
  })
  return [...links, ...message.notes.map((note) => plain(inline(note, shown.note)))]
}

const plain = (text: string): Span => ({ _tag: "Plain", text })

const strong = (text: string): Strong => ({ _tag: "Strong", text })
