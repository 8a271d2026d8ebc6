import type { Preview } from "@tocsin/core"
import { Option, Schema } from "effect"
import { see as seePost } from "../see.ts"

/** A payload as a person sees it; without a block if it is not a post. */
export const see = (payload: unknown): Preview.Preview =>
  Option.match(decode(payload), { onNone: () => ({ blocks: [] }), onSome: seePost })

const Text = Schema.optionalKey(Schema.String)

const decode = Schema.decodeUnknownOption(
  Schema.Struct({
    text: Text,
    attachments: Schema.optionalKey(
      Schema.Array(
        Schema.Struct({
          fallback: Schema.String,
          color: Schema.String,
          title: Schema.String,
          title_link: Text,
          text: Text,
          fields: Schema.Array(Schema.Struct({ title: Schema.String, value: Schema.String, short: Schema.Boolean })),
          footer: Text
        })
      )
    )
  })
)
