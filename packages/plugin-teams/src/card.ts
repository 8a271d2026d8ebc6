/**
 * A message of Teams: an Adaptive Card, all of whose text stands in text runs, which know no Markdown. So nothing is escaped, and
 * no foreign text formats, links or mentions anyone.
 *
 * @see https://learn.microsoft.com/en-us/adaptive-cards/schema-explorer/text-run
 */
import { type ChannelPlugin, Message, paragraph, Preview, utf8Units } from "@tocsin/core"

/**
 * The most bytes of a message, everything included.
 *
 * @see https://learn.microsoft.com/en-us/connectors/teams/#known-issues-and-limitations-with-actions
 */
export const maxBytes = 28 * 1024

/** The longest text of the plain form, in bytes of its JSON. */
export const maxPlain = 8000

/** What is posted to a workflow: one Adaptive Card. */
export interface Payload {
  readonly type: "message"
  readonly attachments: readonly [
    {
      readonly contentType: "application/vnd.microsoft.card.adaptive"
      readonly contentUrl: null
      readonly content: {
        readonly $schema: "http://adaptivecards.io/schemas/adaptive-card.json"
        readonly type: "AdaptiveCard"
        readonly version: "1.5"
        readonly msteams: { readonly width: "Full" }
        readonly body: ReadonlyArray<Container | RichTextBlock>
      }
    }
  ]
}

/** The heading, in the colour of its style. */
export interface Container {
  readonly type: "Container"
  readonly style: keyof typeof colors
  readonly bleed: true
  readonly items: ReadonlyArray<RichTextBlock>
}

/** A line of text. */
export interface RichTextBlock {
  readonly type: "RichTextBlock"
  readonly spacing?: "None"
  readonly inlines: ReadonlyArray<TextRun>
}

/** A piece of a line. */
export interface TextRun {
  readonly type: "TextRun"
  readonly text: string
  readonly weight?: "Bolder"
  readonly isSubtle?: true
  readonly selectAction?: { readonly type: "Action.OpenUrl"; readonly url: string }
}

/** The styles of containers, each with the colour closest to what Teams shows. */
export const colors = {
  attention: Preview.accents.critical,
  warning: Preview.accents.major,
  accent: Preview.accents.info,
  good: Preview.accents.cleared,
  emphasis: Preview.accents.notice
} as const

const styles = { critical: "attention", major: "warning", minor: "warning", info: "accent" } as const

const styleOf = ({ severity, state }: Message.Message): keyof typeof colors =>
  state === "raised" ? styles[severity] : state === "cleared" ? "good" : "emphasis"

/** Bytes of a text in JSON. */
const jsonBytes = (text: string): string => utf8Units(JSON.stringify(text))

/**
 * How much of each part a card shows: together, with the JSON around it, less than 21,000 bytes. More were seen to be refused,
 * and a workflow answers before it posts, so Tocsin would not know.
 *
 * @see https://www.rubydoc.info/gems/msteams_hermes/MsTeamsHermes/Message
 */
const shown: Preview.Shown = {
  headline: 300,
  summary: 1200,
  label: 60,
  facts: 10,
  fact: 250,
  lines: 10,
  line: 160,
  links: 5,
  link: 360,
  notes: 3,
  note: 160,
  encode: jsonBytes
}

/** A message as Teams shows it. */
export const preview = (message: Message.Message): Preview.Preview => ({
  ...Preview.fromMessage(message, shown),
  accent: colors[styleOf(message)]
})

/** The message in the form that is asked for. */
export const payload = (message: Message.Message, form: ChannelPlugin.Form): Payload => ({
  type: "message",
  attachments: [
    {
      contentType: "application/vnd.microsoft.card.adaptive",
      contentUrl: null,
      content: {
        $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
        type: "AdaptiveCard",
        version: "1.5",
        msteams: { width: "Full" },
        body:
          form === "rich"
            ? body(message)
            : [line([run(paragraph(Message.plainText(message, maxPlain, { encode: jsonBytes })))])]
      }
    }
  ]
})

const body = (message: Message.Message): ReadonlyArray<Container | RichTextBlock> => {
  const [heading, ...rest] = preview(message).blocks.map(lines)
  return [{ type: "Container", style: styleOf(message), bleed: true, items: heading ?? [] }, ...rest.flat()]
}

const lines = (block: Preview.Block): ReadonlyArray<RichTextBlock> => {
  switch (block._tag) {
    case "Heading":
    case "Footer":
      return [line(write(block.spans, looks[block._tag]))]
    case "Text":
      return together(block.spans.length === 1 ? eachLine(block.spans[0]) : [write(block.spans)])
    case "Facts":
      return together(block.facts.map(({ label, spans }) => [run(`${label}: `, looks.Heading), ...write(spans)]))
    case "List":
      return together([
        [run(block.title ?? "", looks.Heading)],
        ...block.items.map((spans) => [run("• "), ...write(spans)])
      ])
    default:
      return []
  }
}

/** Not every client breaks a text run into lines, so each has its own; the last one has the rest. */
const eachLine = (span: Preview.Span | undefined): ReadonlyArray<ReadonlyArray<TextRun>> => {
  if (span?._tag !== "Plain") return span === undefined ? [] : [write([span])]
  const all = span.text.split("\n")
  return [...all.slice(0, 7), all.slice(7).join(" ")].filter((text) => text !== "").map((text) => [run(text)])
}

const together = (all: ReadonlyArray<ReadonlyArray<TextRun>>): ReadonlyArray<RichTextBlock> =>
  all.map((inlines, n) => (n === 0 ? line(inlines) : { ...line(inlines), spacing: "None" }))

const line = (inlines: ReadonlyArray<TextRun>): RichTextBlock => ({ type: "RichTextBlock", inlines })

const looks = { Heading: { weight: "Bolder" }, Footer: { isSubtle: true } } as const

type Look = Pick<TextRun, "weight" | "isSubtle">

const run = (text: string, look: Look = {}): TextRun => ({ type: "TextRun", text, ...look })

const write = (spans: ReadonlyArray<Preview.Span>, look: Look = {}): ReadonlyArray<TextRun> =>
  spans.map((span) => ({
    ...run("text" in span ? span.text : "", look),
    ...(span._tag === "Link" && { selectAction: { type: "Action.OpenUrl", url: span.link.href } })
  }))
