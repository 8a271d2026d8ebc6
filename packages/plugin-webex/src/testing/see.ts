import { Preview } from "@tocsin/core"
import { Option, Schema } from "effect"

/** A payload as a person sees it in Webex; without a block if it is not a message. */
export const see = (payload: unknown): Preview.Preview =>
  Option.match(decode(payload), {
    onNone: () => ({ blocks: [] }),
    onSome: (message) => ({
      blocks:
        "text" in message
          ? [{ _tag: "Text", spans: [{ _tag: "Plain", text: message.text }] }]
          : message.markdown.split("\n\n").map(block)
    })
  })

const block = (text: string, n: number): Preview.Block => {
  if (text.startsWith("**")) return { _tag: n === 0 ? "Heading" : "Text", spans: spans(text.slice(2, -2)) }
  if (text.startsWith("- "))
    return {
      _tag: "List",
      items: text
        .slice(2)
        .split("\n- ")
        .map((item) => spans(item))
    }
  return text.startsWith("*")
    ? { _tag: "Footer", spans: spans(text.slice(1, -1)) }
    : { _tag: "Text", spans: spans(text) }
}

/** A link; a bracket after a backslash begins none. */
const token = /(?<!(?:^|[^\\])(?:\\\\)*\\)\[(?<label>(?:\\.|[^\]\\])*)\]\((?<url>[^()]*)\)/gs

const spans = (text: string): ReadonlyArray<Preview.Span> =>
  Preview.readSpans(text, token, {
    unescape,
    read: ({ label = "", url = "" }) => ({
      _tag: "Link",
      text: unescape(label),
      link: new URL(url.replaceAll("%28", "(").replaceAll("%29", ")"))
    })
  })

const unescape = (text: string): string =>
  text
    .replace(/\\([\\`*_[\]~|#])/g, "$1")
    .replace(/&(amp|lt|gt);/g, (_, name: string) => named[name] ?? "")
    .replaceAll("  \n", "\n")

const named: { readonly [name: string]: string } = { amp: "&", lt: "<", gt: ">" }

const decode = Schema.decodeUnknownOption(
  Schema.Union([Schema.Struct({ markdown: Schema.NonEmptyString }), Schema.Struct({ text: Schema.NonEmptyString })])
)
