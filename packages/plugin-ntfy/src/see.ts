import type { Preview } from "@tocsin/core"
import { Option, Schema } from "effect"

/** A message as a person sees it on a phone, its buttons below it; without a block if it is not a message. */
export const see = (payload: unknown): Preview.Preview =>
  Option.match(decode(payload), {
    onNone: () => ({ blocks: [] }),
    onSome: ({ actions = [], click, message, title }) => {
      const heading: Preview.Span = { _tag: "Plain", text: title ?? "" }
      const buttons = actions.map(({ label, url }): Preview.Span => ({ _tag: "Link", text: label, link: new URL(url) }))
      return {
        blocks: [
          ...(title === undefined
            ? []
            : [
                {
                  _tag: "Heading" as const,
                  spans: [click === undefined ? heading : { ...heading, _tag: "Link" as const, link: new URL(click) }]
                }
              ]),
          { _tag: "Text", spans: [{ _tag: "Plain", text: message }] },
          ...(buttons.length === 0 ? [] : [{ _tag: "Footer" as const, spans: buttons }])
        ]
      }
    }
  })

const Text = Schema.optionalKey(Schema.String)

const decode = Schema.decodeUnknownOption(
  Schema.Struct({
    message: Schema.String,
    title: Text,
    click: Text,
    actions: Schema.optionalKey(Schema.Array(Schema.Struct({ label: Schema.String, url: Schema.String })))
  })
)
