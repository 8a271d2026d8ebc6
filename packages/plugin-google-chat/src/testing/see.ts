import type { Preview } from "@tocsin/core"
import { Option, Schema } from "effect"

/** A payload as a person sees it in Google Chat; without a block if it is no message. */
export const see = (payload: unknown): Preview.Preview =>
  Option.match(decode(payload), {
    onNone: () => ({ blocks: [] }),
    onSome: (message) => {
      if ("text" in message) return { blocks: [{ _tag: "Text", spans: [{ _tag: "Plain", text: message.text }] }] }
      const widgets = message.cardsV2.flatMap(({ card }) => card.sections.flatMap(({ widgets }) => widgets))
      const first = widgets[0] !== undefined && "textParagraph" in widgets[0] ? widgets[0].textParagraph.text : ""
      const [dot, accent] = /^<font color="(#[0-9A-F]{6})">●<\/font> /.exec(first) ?? []
      return {
        ...(accent !== undefined && { accent }),
        blocks: widgets.flatMap((widget, n): ReadonlyArray<Preview.Block> => {
          if ("decoratedText" in widget) {
            const { text, topLabel } = widget.decoratedText
            return [{ _tag: "Facts", facts: [{ label: topLabel, spans: spans(text) }] }]
          }
          const { text } = widget.textParagraph
          if (n === 0) return [{ _tag: "Heading", spans: spans(text.slice(dot?.length ?? 0)) }]
          const [title = "", ...items] = text.split("<br>• ")
          return items.length === 0
            ? [{ _tag: text.startsWith("<i>") ? "Footer" : "Text", spans: spans(text) }]
            : [
                { _tag: "Text", spans: spans(title) },
                { _tag: "List", items: items.map(spans) }
              ]
        })
      }
    }
  })

const spans = (html: string): ReadonlyArray<Preview.Span> => {
  const found: Array<Preview.Span> = []
  let at = 0
  for (const match of html.matchAll(/<a href="([^"]*)">([^<]*)<\/a>|<\/?[bi]>|<br>/g)) {
    if (match.index > at) found.push({ _tag: "Plain", text: unescape(html.slice(at, match.index)) })
    at = match.index + match[0].length
    const [tag, href, label = ""] = match
    if (href !== undefined) found.push({ _tag: "Link", text: unescape(label), link: new URL(unescape(href)) })
    else if (tag === "<br>") found.push({ _tag: "Plain", text: "\n" })
  }
  if (at < html.length) found.push({ _tag: "Plain", text: unescape(html.slice(at)) })
  return found
}

const unescape = (html: string): string =>
  html.replace(/&(lt|gt|amp|quot|#39);/g, (_, name: string) => named[name] ?? "")

const named: { readonly [name: string]: string } = { lt: "<", gt: ">", amp: "&", quot: '"', "#39": "'" }

const Widget = Schema.Union([
  Schema.Struct({ textParagraph: Schema.Struct({ text: Schema.NonEmptyString }) }),
  Schema.Struct({
    decoratedText: Schema.Struct({ topLabel: Schema.NonEmptyString, text: Schema.NonEmptyString })
  })
])

/** Reads a payload, if it is a message. */
export const decode = Schema.decodeUnknownOption(
  Schema.Union([
    Schema.Struct({ text: Schema.NonEmptyString }),
    Schema.Struct({
      fallbackText: Schema.NonEmptyString,
      cardsV2: Schema.NonEmptyArray(
        Schema.Struct({
          cardId: Schema.NonEmptyString,
          card: Schema.Struct({ sections: Schema.Array(Schema.Struct({ widgets: Schema.NonEmptyArray(Widget) })) })
        })
      )
    })
  ])
)
