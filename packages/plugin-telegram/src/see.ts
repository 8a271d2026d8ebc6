import type { Preview } from "@tocsin/core"
import { Option, Schema } from "effect"

/** A message as a person sees it in Telegram, each line by itself; without a block if it is not a message. */
export const see = (payload: unknown): Preview.Preview =>
  Option.match(decode(payload), {
    onNone: () => ({ blocks: [] }),
    onSome: ({ parse_mode, text }) => ({
      blocks: [{ _tag: "Text", spans: parse_mode === "HTML" ? spans(text) : [{ _tag: "Plain", text }] }]
    })
  })

const element = /<a href="(?<href>[^"]*)">(?<label>[^<]*)<\/a>|<(?<name>b|i|code)>(?<inner>[^<]*)<\/\k<name>>|<\/?b>/g

const spans = (text: string): ReadonlyArray<Preview.Span> => {
  const found: Array<Preview.Span> = []
  let at = 0
  const add = (span: Preview.Span) => void found.push(span)
  for (const match of text.matchAll(element)) {
    if (match.index > at) add({ _tag: "Plain", text: unescape(text.slice(at, match.index)) })
    at = match.index + match[0].length
    const { href, inner = "", label = "", name } = match.groups ?? {}
    if (href !== undefined) add({ _tag: "Link", text: unescape(label), link: new URL(unescape(href)) })
    else if (name !== undefined) add({ _tag: tags[name] ?? "Plain", text: unescape(inner) })
  }
  if (at < text.length) add({ _tag: "Plain", text: unescape(text.slice(at)) })
  return found
}

const tags: { readonly [name: string]: "Strong" | "Emphasis" | "Code" } = { b: "Strong", i: "Emphasis", code: "Code" }

/** Decodes the entities that Telegram supports: four by name, and all by number. */
const unescape = (text: string): string =>
  text.replace(/&(?:(lt|gt|amp|quot)|#(\d+));/g, (_, name: string | undefined, code: string | undefined) =>
    name === undefined ? String.fromCodePoint(Number(code)) : (named[name] ?? "")
  )

const named: { readonly [name: string]: string } = { lt: "<", gt: ">", amp: "&", quot: '"' }

const decode = Schema.decodeUnknownOption(
  Schema.Struct({ text: Schema.String, parse_mode: Schema.optionalKey(Schema.Literal("HTML")) })
)
