import type { Preview } from "@tocsin/core"
import { Option } from "effect"
import { seen } from "./seen.ts"

/** A payload as a person sees it in Slack, the attachments below its text; without a block if it is not a message. */
export const see = (payload: unknown): Preview.Preview =>
  Option.match(seen(payload), {
    onNone: () => ({ blocks: [] }),
    onSome: ({ attached, text }) => ({ ...attached, blocks: [text, ...attached.blocks] })
  })
