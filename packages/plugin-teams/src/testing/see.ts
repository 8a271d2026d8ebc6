import type { Preview } from "@tocsin/core"
import { Option, Schema } from "effect"
import { colors } from "../card.ts"

/** A payload as a person sees it in Teams; without a block if it is no message. */
export const see = (payload: unknown): Preview.Preview =>
  Option.match(decode(payload), {
    onNone: () => ({ blocks: [] }),
    onSome: ({ attachments: [{ content }] }) => {
      const [first] = content.body
      return {
        ...(first?.type === "Container" && { accent: colors[first.style] }),
        blocks: content.body.flatMap((element) =>
          element.type === "Container"
            ? element.items.map(({ inlines }): Preview.Block => ({ _tag: "Heading", spans: inlines.map(span) }))
            : [block(element.inlines)]
        )
      }
    }
  })

const block = (inlines: ReadonlyArray<typeof TextRun.Type>): Preview.Block => {
  const [first, ...rest] = inlines
  return first?.text === "• "
    ? { _tag: "List", items: [rest.map(span)] }
    : { _tag: first?.isSubtle === true ? "Footer" : "Text", spans: inlines.map(span) }
}

const span = ({ selectAction, text, weight }: typeof TextRun.Type): Preview.Span =>
  selectAction === undefined
    ? { _tag: weight === undefined ? "Plain" : "Strong", text }
    : { _tag: "Link", text, link: new URL(selectAction.url) }

const TextRun = Schema.Struct({
  type: Schema.Literal("TextRun"),
  text: Schema.NonEmptyString,
  weight: Schema.optionalKey(Schema.Literal("Bolder")),
  isSubtle: Schema.optionalKey(Schema.Boolean),
  selectAction: Schema.optionalKey(
    Schema.Struct({
      type: Schema.Literal("Action.OpenUrl"),
      url: Schema.String.check(Schema.isPattern(/^https?:/))
    })
  )
})

const RichTextBlock = Schema.Struct({
  type: Schema.Literal("RichTextBlock"),
  inlines: Schema.NonEmptyArray(TextRun)
})

const Payload = Schema.Struct({
  type: Schema.Literal("message"),
  attachments: Schema.Tuple([
    Schema.Struct({
      contentType: Schema.Literal("application/vnd.microsoft.card.adaptive"),
      content: Schema.Struct({
        type: Schema.Literal("AdaptiveCard"),
        version: Schema.Literal("1.5"),
        body: Schema.NonEmptyArray(
          Schema.Union([
            RichTextBlock,
            Schema.Struct({
              type: Schema.Literal("Container"),
              style: Schema.Literals(["attention", "warning", "accent", "good", "emphasis"]),
              items: Schema.NonEmptyArray(RichTextBlock)
            })
          ])
        )
      })
    })
  ])
})

/** Reads a payload, if it is a message with one card. */
export const decode = Schema.decodeUnknownOption(Payload)
