import { cut, escapeHtml, fitting, Message, type Notification, type Preview } from "@tocsin/core"
import { limits } from "./limits.ts"
import { oneLine, sendable } from "./text.ts"

/** A piece of a description. */
export type Styled = Extract<Preview.Span, { readonly _tag: "Plain" | "Strong" | "Emphasis" }>

/** The content of a card, cut to its limits: the request and the preview are both made of it. */
export interface Parts {
  readonly title: string
  readonly link: URL | undefined
  /** One paragraph, since a card has no line breaks. */
  readonly description: ReadonlyArray<Styled>
  /** Clients show them side by side. A current severity is `Strong`. */
  readonly attributes: ReadonlyArray<{
    readonly label: string
    readonly value: Extract<Preview.Span, { readonly _tag: "Plain" | "Strong" | "Link" }>
  }>
}

/** The parts of the card of a notification. */
export const parts = (notification: Notification): Parts => {
  const words = Message.fromNotification(notification)
  const facts = words.facts.map((fact) => ({ label: fact.label, text: oneLine(Message.factText(fact)) }))
  const short = facts.filter(({ text }) => text.length <= maxShort)
  const long = facts.filter(({ text }) => text.length > maxShort)
  return {
    title: cut(oneLine(words.headline), limits.cardTitle),
    link: sendable(words.link),
    description: description(words, long, "alert" in notification ? words.lines.length + words.omitted : undefined),
    attributes: [
      ...short.map(({ label, text }) => ({
        label: cut(oneLine(label), limits.attributeLabel),
        value: { _tag: text === words.severity ? ("Strong" as const) : ("Plain" as const), text }
      })),
      ...links(words)
    ].slice(0, limits.attributes)
  }
}

/** A part of a description as HTML. */
export const html = (spans: ReadonlyArray<Styled>): string =>
  spans
    .map(({ _tag, text }) => {
      const tag = tags[_tag]
      return tag === undefined ? escapeHtml(text) : `<${tag}>${escapeHtml(text)}</${tag}>`
    })
    .join("")

const tags = { Plain: undefined, Strong: "b", Emphasis: "i" }

/** A longer fact goes into the description. */
const maxShort = 60

const links = (words: Message.Message): Parts["attributes"] =>
  Message.namedLinks(words).flatMap(({ label, link: stated }) => {
    const link = sendable(stated)
    return link === undefined
      ? []
      : [{ label: cut(oneLine(label), limits.attributeLabel), value: { _tag: "Link", text: "Open", link } }]
  })

interface TextFact {
  readonly label: string
  readonly text: string
}

/** If the texts are very long, all of them are cut. */
const description = (words: Message.Message, long: ReadonlyArray<TextFact>, observers?: number) => {
  const { head, left, tail } =
    [400, 150].map((share) => around(words, long, share)).find(({ left }) => left > 150) ?? around(words, long, 60)
  return joined([...head, ...list(words, left, observers), ...tail])
}

const joined = (statements: ReadonlyArray<ReadonlyArray<Styled>>): ReadonlyArray<Styled> =>
  statements.flatMap((statement, n) => (n === 0 ? statement : [plain(" · "), ...statement]))

/** More than any message has; it keeps the sum of the shares below the limit. */
const maxLong = 4
const maxNotes = 4

const around = (words: Message.Message, long: ReadonlyArray<TextFact>, share: number) => {
  const head = [
    ...(words.summary === undefined ? [] : [[plain(fit(words.summary, share))]]),
    ...long.slice(0, maxLong).map(({ label, text }) => [strong(`${fit(label, 30)}:`), plain(` ${fit(text, share)}`)])
  ]
  const tail = words.notes.slice(-maxNotes).map((note) => [{ _tag: "Emphasis" as const, text: fit(note, share) }])
  return { head, tail, left: limits.cardDescription - html(joined([...head, ...tail, [plain("")]])).length }
}

/** Enough to see a pattern; the link leads to all. */
const maxNames = 6

const list = ({ lines, linesTitle, omitted }: Message.Message, max: number, observers?: number) => {
  if (lines.length + omitted === 0) return []
  const number = observers === undefined ? "" : ` ${observers.toLocaleString("en-US")}`
  const title = [strong(`${fit(linesTitle, 30)}${number}:`), plain(" ")]
  const items = lines
    .slice(0, maxNames)
    .map(({ strong, text }) => fit(text === undefined ? strong : `${strong}: ${text}`, 120))
  const more = (shown: number) => Message.moreText(lines.length - shown + omitted)
  const reserve = more(0).length
  const cutOff = omitted > 0 || lines.length > maxNames
  const shown = fitting(
    items.map((item) => escapeHtml(item).length),
    { max: max - html(title).length - (cutOff ? reserve + 2 : 0), separator: 2, reserve: cutOff ? 0 : reserve }
  )
  const named = [...items.slice(0, shown), ...(lines.length - shown + omitted > 0 ? [more(shown)] : [])]
  return [[...title, plain(named.join("; "))]]
}

const fit = (text: string, max: number): string => cut(oneLine(text), max, { encode: escapeHtml })

const plain = (text: string): Styled => ({ _tag: "Plain", text })

const strong = (text: string): Styled => ({ _tag: "Strong", text })
