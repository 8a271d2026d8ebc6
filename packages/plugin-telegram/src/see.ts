import { Preview } from "@tocsin/core"
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

const spans = (text: string): ReadonlyArray<Preview.Span> =>
  Preview.readSpans(text, element, {
    unescape,
    read: ({ href, inner = "", label = "", name }) => {
      if (href !== undefined) return { _tag: "Link", text: unescape(label), link: new URL(unescape(href)) }
      return name === undefined ? undefined : { _tag: tags[name] ?? "Plain", text: unescape(inner) }
    }
  })

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
