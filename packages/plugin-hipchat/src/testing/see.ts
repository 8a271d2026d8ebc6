import type { Preview } from "@tocsin/core"
import { accents } from "../color.ts"
import { read } from "./markup.ts"

/**
 * A room notification as a person sees it: the card if there is one, as clients with support for cards show it, else
 * the message.
 */
export const see = (payload: unknown): Preview.Preview => {
  const body = record(payload)
  return {
    accent: Object.entries(accents).find(([name]) => name === body["color"])?.[1] ?? accents.yellow,
    blocks:
      typeof body["card"] === "object" && body["card"] !== null
        ? card(record(body["card"]))
        : body["message_format"] === "text"
          ? [{ _tag: "Text", spans: [plain(text(body["message"]))] }]
          : html(text(body["message"]))
  }
}

const card = (card: Record<string, unknown>): ReadonlyArray<Preview.Block> => {
  const description = card["description"]
  const { format, value } = record(description)
  const words = typeof description === "string" ? description : text(value)
  const attributes = Array.isArray(card["attributes"]) ? card["attributes"].map(attribute) : []
  return [
    { _tag: "Heading", spans: [linked(text(card["title"]), card["url"])] },
    ...(format === "html" ? html(words) : words === "" ? [] : [{ _tag: "Text" as const, spans: [plain(words)] }]),
    ...(attributes.length === 0 ? [] : [{ _tag: "Facts" as const, facts: attributes }])
  ]
}

const attribute = (attribute: unknown) => {
  const { label, value } = record(attribute)
  const { label: name, style, url } = record(value)
  const span = linked(text(name), url)
  const isLozenge = typeof style === "string" && span._tag === "Plain"
  return { label: text(label), spans: [isLozenge ? { ...span, _tag: "Strong" as const } : span] }
}

const linked = (words: string, url: unknown): Preview.Span =>
  typeof url === "string" && URL.canParse(url) ? { _tag: "Link", text: words, link: new URL(url) } : plain(words)

/** HTML as blocks: lists, and the text between them. */
const html = (source: string): ReadonlyArray<Preview.Block> => {
  const blocks: Array<Preview.Block> = []
  const open: Array<{ readonly name: string; readonly href: string | undefined }> = []
  let items: Array<Array<Preview.Span>> | undefined
  let spans: Array<Preview.Span> = []
  const end = () => {
    const isBlank = spans.every((span) => span._tag === "Plain" && span.text.trim() === "")
    if (!isBlank) blocks.push({ _tag: "Text", spans: trimmed(spans) })
    spans = []
  }
  for (const token of read(source).tokens) {
    const into = items?.at(-1) ?? spans
    if (token._tag === "Text") into.push(styled(token.text, open))
    else if (token._tag === "Open") {
      if (token.name === "br" || token.name === "tr") into.push(plain("\n"))
      else if (token.name === "ul" || token.name === "ol") {
        end()
        items = []
      } else if (token.name === "li") items?.push([])
      else if (token.name !== "img") open.push({ name: token.name, href: token.attributes.get("href") })
    } else if (token.name === "ul" || token.name === "ol") {
      if (items !== undefined) blocks.push({ _tag: "List", items })
      items = undefined
    } else if (open.at(-1)?.name === token.name) open.pop()
  }
  end()
  return blocks
}

/** Removes line breaks at either end, because they separate blocks. */
const trimmed = (spans: ReadonlyArray<Preview.Span>): ReadonlyArray<Preview.Span> => {
  const isBreak = (span: Preview.Span | undefined) => span?._tag === "Plain" && span.text === "\n"
  return spans.slice(isBreak(spans[0]) ? 1 : 0, isBreak(spans.at(-1)) ? -1 : undefined)
}

const styled = (
  words: string,
  open: ReadonlyArray<{ readonly name: string; readonly href: string | undefined }>
): Preview.Span => {
  const link = open.find(({ name }) => name === "a")
  if (link !== undefined) return linked(words, link.href)
  const name = open.at(-1)?.name ?? ""
  if (name === "b" || name === "strong") return { _tag: "Strong", text: words }
  if (name === "i" || name === "em") return { _tag: "Emphasis", text: words }
  if (name === "code" || name === "pre") return { _tag: "Code", text: words }
  return plain(words)
}

const plain = (text: string): Preview.Span => ({ _tag: "Plain", text })

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? { ...value } : {}

const text = (value: unknown): string => (typeof value === "string" ? value : "")
