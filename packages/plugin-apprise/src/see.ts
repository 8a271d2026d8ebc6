import type { Preview } from "@tocsin/core"
import { Option, Schema } from "effect"

/** A payload as most services show it; without a block if it is not a notification. */
export const see = (payload: unknown): Preview.Preview =>
  Option.match(decode(payload), {
    onNone: () => ({ blocks: [] }),
    onSome: ({ body, title }) => ({
      blocks: [
        ...(title === undefined
          ? []
          : [{ _tag: "Heading" as const, spans: [{ _tag: "Plain" as const, text: title }] }]),
        { _tag: "Text", spans: [{ _tag: "Plain", text: body }] }
      ]
    })
  })

const decode = Schema.decodeUnknownOption(
  Schema.Struct({ title: Schema.optionalKey(Schema.String), body: Schema.String })
)
