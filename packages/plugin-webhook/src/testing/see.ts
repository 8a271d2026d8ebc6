import type { Preview } from "@tocsin/core"
import { Option, Schema } from "effect"

/** The text of a body as a person reads it; without a block if it is not a body. */
export const see = (payload: unknown): Preview.Preview =>
  Option.match(decode(payload), {
    onNone: () => ({ blocks: [] }),
    onSome: ({ data: { text } }) => ({ blocks: [{ _tag: "Text", spans: [{ _tag: "Plain", text }] }] })
  })

const decode = Schema.decodeUnknownOption(Schema.Struct({ data: Schema.Struct({ text: Schema.String }) }))
