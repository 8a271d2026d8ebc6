/**
 * A message as a person will see it, as data without markup: a browser renders it, a test reads it.
 */
import { Schema } from "effect"
import { Link } from "./Alert.ts"
import { factText, type Message, moreText, namedLinks } from "./Message.ts"
import { cut, oneLine, paragraph } from "./text.ts"

/** A piece of text. A `Time` is shown in the reader's own zone where the channel does so. */
export const Span = Schema.Union([
  Schema.TaggedStruct("Plain", { text: Schema.String }),
  Schema.TaggedStruct("Strong", { text: Schema.String }),
  Schema.TaggedStruct("Emphasis", { text: Schema.String }),
  Schema.TaggedStruct("Code", { text: Schema.String }),
  Schema.TaggedStruct("Link", { text: Schema.String, link: Link }),
  /** A mention, as the channel shows it: `@here`. */
  Schema.TaggedStruct("Mention", { text: Schema.String }),
  Schema.TaggedStruct("Time", { at: Schema.DateTimeUtc })
]).pipe(Schema.toTaggedUnion("_tag"))
export type Span = typeof Span.Type

const spans = Schema.Array(Span)

/** One part of a message, in the order in which it is read. */
export const Block = Schema.Union([
  Schema.TaggedStruct("Heading", { spans }),
  Schema.TaggedStruct("Text", { spans }),
  Schema.TaggedStruct("Facts", { facts: Schema.Array(Schema.Struct({ label: Schema.String, spans })) }),
  Schema.TaggedStruct("List", { title: Schema.optionalKey(Schema.String), items: Schema.Array(spans) }),
  Schema.TaggedStruct("Code", { text: Schema.String }),
  Schema.TaggedStruct("Quote", { spans }),
  /** A line across the message. */
  Schema.TaggedStruct("Rule", {}),
  Schema.TaggedStruct("Footer", { spans })
]).pipe(Schema.toTaggedUnion("_tag"))
export type Block = typeof Block.Type

/** A message as a person sees it. */
export const Preview = Schema.Struct({
  /** The colour beside the message, as `#RRGGBB`, where the channel shows one. */
  accent: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^#[0-9A-Fa-f]{6}$/))),
  blocks: Schema.Array(Block)
}).annotate({ identifier: "Preview" })
export type Preview = typeof Preview.Type

/** The colours of raised alerts by severity, of cleared alerts, and of notices, as `#RRGGBB`. */
export const accents = {
  critical: "#C62828",
  major: "#EF6C00",
  minor: "#F9C80E",
  info: "#1E88E5",
  cleared: "#2EB67D",
  notice: "#9E9E9E"
} as const

/** The colour for a message: by its severity if its alert is raised, else by its state. */
export const accentOf = ({
  severity,
  state
}: Pick<Message, "severity" | "state">): (typeof accents)[keyof typeof accents] =>
  accents[state === "raised" ? severity : state]

/** How much of a message a channel shows. Lengths are in UTF-16 units of a text, or of what `encode` makes of it. */
export interface Shown {
  /** The longest headline. */
  readonly headline: number
  /** The longest summary. */
  readonly summary: number
  /** The longest name of a fact, of the list, and of a further link. */
  readonly label: number
  /** The most facts. */
  readonly facts: number
  /** The longest value of a fact. */
  readonly fact: number
  /** The most lines of the list; another one counts those that are not shown. */
  readonly lines: number
  /** The longest name of a line, and the longest text after it. */
  readonly line: number
  /** The most further links. */
  readonly links: number
  /** The longest address. A text stands without a longer one, and a further link with it is left out. */
  readonly link: number
  /** The most notes. */
  readonly notes: number
  /** The longest note. */
  readonly note: number
  /** Encodes a text as it will be sent, as for `cut`: to escape it, or to count bytes. */
  readonly encode?: (text: string) => string
}

/**
 * Returns what a channel shows of a message: a heading, the summary, the facts, the list, further links, and the notes, each cut,
 * without control characters, and not escaped. A plugin writes these blocks in its channel's markup, so that its preview is what
 * it sends. Times are in UTC. The blocks are `Heading`, `Text`, `Facts`, `List` and `Footer`; their spans are `Plain` and `Link`.
 */
export const fromMessage = (message: Message, shown: Shown): Preview => {
  const { facts, headline, lines, linesTitle, link, notes, omitted, summary } = message
  const fit = (text: string, max: number) => cut(text, max, shown.encode && { encode: shown.encode })
  const inline = (text: string, max: number) => fit(oneLine(text), max)
  const isShort = ({ href }: URL) => (shown.encode?.(href) ?? href).length <= shown.link
  const linked = (text: string, to: URL | undefined): Span =>
    to !== undefined && isShort(to) ? { _tag: "Link", text, link: to } : plain(text)
  const items = lines
    .slice(0, shown.lines)
    .map(({ link, strong, text }) => [
      linked(inline(strong, shown.line), link),
      ...(text === undefined ? [] : [plain(`: ${inline(text, shown.line)}`)])
    ])
  const more = lines.length - items.length + omitted
  const links = namedLinks(message)
    .filter(({ link }) => isShort(link))
    .slice(0, shown.links)
    .map(({ label, link }): Span => ({ _tag: "Link", text: inline(label, shown.label), link }))
  const blocks: ReadonlyArray<Block | undefined> = [
    { _tag: "Heading", spans: [linked(inline(headline, shown.headline), link)] },
    summary === undefined ? undefined : { _tag: "Text", spans: [plain(fit(paragraph(summary), shown.summary))] },
    facts.length === 0
      ? undefined
      : {
          _tag: "Facts",
          facts: facts.slice(0, shown.facts).map((fact) => ({
            label: inline(fact.label, shown.label),
            spans: [plain(inline(factText(fact), shown.fact))]
          }))
        },
    items.length + more === 0
      ? undefined
      : {
          _tag: "List",
          title: inline(linesTitle, shown.label),
          items: more > 0 ? [...items, [plain(moreText(more))]] : items
        },
    links.length === 0 ? undefined : { _tag: "Text", spans: separated(links) },
    notes.length === 0
      ? undefined
      : { _tag: "Footer", spans: separated(notes.slice(0, shown.notes).map((note) => plain(inline(note, shown.note)))) }
  ]
  return { accent: accentOf(message), blocks: blocks.filter((block) => block !== undefined) }
}

const plain = (text: string): Span => ({ _tag: "Plain", text })

const separated = (all: ReadonlyArray<Span>): ReadonlyArray<Span> =>
  all.flatMap((span, n) => (n === 0 ? [span] : [plain(" · "), span]))

/**
 * Reads marked-up text: `pattern`, which is global, finds the marks, and `read` makes a span of the groups of each, or nothing.
 * The text between them is `Plain`. `unescape` undoes the escapes of that text.
 */
export const readSpans = (
  text: string,
  pattern: RegExp,
  {
    read,
    unescape
  }: {
    readonly read: (groups: { readonly [name: string]: string | undefined }) => Span | undefined
    readonly unescape: (text: string) => string
  }
): ReadonlyArray<Span> => {
  const found: Array<Span> = []
  let at = 0
  for (const match of [...text.matchAll(pattern), undefined]) {
    const end = match?.index ?? text.length
    if (end > at) found.push({ _tag: "Plain", text: unescape(text.slice(at, end)) })
    const span = match && read(match.groups ?? {})
    if (span !== undefined) found.push(span)
    at = end + (match?.[0].length ?? 0)
  }
  return found
}
