import { cut, fitting, Message, type Severity } from "@tocsin/core"
import { limits } from "./limits.ts"
import { escapeHtml, linkText, oneLine } from "./text.ts"

type Lozenge = "lozenge-success" | "lozenge-error" | "lozenge-current" | "lozenge-complete"

/** One named value of a card. */
export interface Attribute {
  readonly label: string
  readonly value: { readonly label: string; readonly url?: string; readonly style?: Lozenge }
}

/**
 * A card, which takes the message's place in clients that know cards.
 *
 * https://developer.atlassian.com/server/hipchat/sending-messages/
 */
export interface Card {
  readonly style: "application"
  readonly format: "medium"
  readonly id: string
  readonly title: string
  readonly url?: string
  readonly description?: { readonly format: "html"; readonly value: string }
  readonly attributes?: ReadonlyArray<Attribute>
  /** The card folded to one line. */
  readonly activity: { readonly html: string }
}

/** The words as a card that says alone what has to be known. */
export const card = (
  words: Message.Message,
  { id, observers }: { readonly id: string; readonly observers?: number }
): Card => {
  const url = linkText(words.link)
  const facts = words.facts.map((fact) => ({ label: fact.label, text: oneLine(Message.factText(fact)) }))
  const short = facts.filter(({ text }) => text.length <= maxShort)
  const long = facts.filter(({ text }) => text.length > maxShort)
  const attributes = [...short.map((fact) => attribute(fact, words)), ...secondLink(words)].slice(0, limits.attributes)
  const value = description(words, long, observers)
  return {
    style: "application",
    format: "medium",
    id,
    title: cut(oneLine(words.headline), limits.cardTitle),
    ...(url !== undefined && { url }),
    ...(value !== "" && { description: { format: "html", value } }),
    ...(attributes.length > 0 && { attributes }),
    activity: { html: `<b>${html(words.headline, 250)}</b>` }
  }
}

/** Clients set attributes side by side: what is longer than this goes into the description. */
const maxShort = 60

interface TextFact {
  readonly label: string
  readonly text: string
}

const attribute = ({ label, text }: TextFact, { severity, state }: Message.Message): Attribute => ({
  label: cut(oneLine(label), limits.attributeLabel),
  value: {
    label: text,
    ...(text === severity && { style: state === "cleared" ? ("lozenge-success" as const) : lozenges[severity] })
  }
})

const lozenges: Record<Severity, Lozenge> = {
  critical: "lozenge-error",
  major: "lozenge-error",
  minor: "lozenge-current",
  info: "lozenge-complete"
}

const secondLink = ({ secondLink }: Message.Message): ReadonlyArray<Attribute> => {
  const url = linkText(secondLink?.link)
  return secondLink === undefined || url === undefined
    ? []
    : [{ label: cut(oneLine(secondLink.label), limits.attributeLabel), value: { label: "Open", url } }]
}

/** One paragraph, since a card has no line breaks; where texts are very long, all of them are cut shorter. */
const description = (words: Message.Message, long: ReadonlyArray<TextFact>, observers?: number): string => {
  const parts =
    [400, 150].map((share) => around(words, long, share)).find(({ left }) => left > 150) ?? around(words, long, 60)
  return [...parts.head, ...list(words, parts.left, observers), ...parts.tail].join(separator)
}

const separator = " · "

/** More than any message has; they keep the sum of the shares below the limit. */
const maxLong = 4
const maxNotes = 4

const around = (words: Message.Message, long: ReadonlyArray<TextFact>, share: number) => {
  const head = [
    ...(words.summary === undefined ? [] : [html(words.summary, share)]),
    ...long.slice(0, maxLong).map(({ label, text }) => `<b>${html(label, 30)}:</b> ${html(text, share)}`)
  ]
  const tail = words.notes.slice(-maxNotes).map((note) => `<i>${html(note, share)}</i>`)
  return { head, tail, left: limits.cardDescription - [...head, ...tail, ""].join(separator).length }
}

/** Enough to see a pattern; the link leads to all of them. */
const maxNames = 6

const list = ({ lines, linesTitle, omitted }: Message.Message, max: number, observers?: number): Array<string> => {
  if (lines.length + omitted === 0) return []
  const number = observers === undefined ? "" : ` ${observers.toLocaleString("en-US")}`
  const title = `<b>${html(linesTitle, 30)}${number}:</b> `
  const items = lines.map(({ strong, text }) => html(text === undefined ? strong : `${strong}: ${text}`, 120))
  const more = (shown: number) => Message.moreText(lines.length - shown + omitted)
  const reserve = more(0).length
  const cutOff = omitted > 0 || lines.length > maxNames
  const shown = fitting(
    items.slice(0, maxNames).map(({ length }) => length),
    { max: max - title.length - (cutOff ? reserve + 2 : 0), separator: 2, reserve: cutOff ? 0 : reserve }
  )
  return [title + [...items.slice(0, shown), ...(lines.length - shown + omitted > 0 ? [more(shown)] : [])].join("; ")]
}

const html = (text: string, max: number): string => escapeHtml(cut(oneLine(text), max, { encode: escapeHtml }))
