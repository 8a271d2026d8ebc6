import type { Preview } from "@tocsin/core"
import { Option, Schema } from "effect"

/** A body as a person would read it: its text, and nothing where it is no body. */
export const see = (payload: unknown): Preview.Preview =>
  Option.match(decode(payload), {
    onNone: () => ({ blocks: [] }),
    onSome: ({ data: { text } }) => ({ blocks: [{ _tag: "Text", spans: [{ _tag: "Plain", text }] }] })
  })

const decode = Schema.decodeUnknownOption(Schema.Struct({ data: Schema.Struct({ text: Schema.String }) }))
