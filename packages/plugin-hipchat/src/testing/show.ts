import type { Preview } from "@tocsin/core"
import { spansText } from "@tocsin/core/fakes"
import { Option, Schema } from "effect"
import { see } from "./see.ts"

/**
 * A room notification as a person sees it, for a terminal: how it calls, then the
 * card if there is one, as clients that know cards show it, else the message.
 * Each link is followed by its URL in parentheses.
 */
export const show = (payload: unknown): string => {
  const { color = "yellow", from = "HipChat", notify = false } = Option.getOrElse(decode(payload), (): Head => ({}))
  return [
    `${from} [${color}${notify ? ", notifies" : ""}]`,
    ...see(payload)
      .blocks.flatMap(lines)
      .map((line) => `| ${line}`.trimEnd())
  ].join("\n")
}

const Head = Schema.Struct({
  from: Schema.optionalKey(Schema.String),
  color: Schema.optionalKey(Schema.String),
  notify: Schema.optionalKey(Schema.Boolean)
})
type Head = typeof Head.Type

const decode = Schema.decodeUnknownOption(Head)

const lines = (block: Preview.Block): ReadonlyArray<string> => {
  switch (block._tag) {
    case "Facts":
      return block.facts.map(({ label, spans }) => `${label === "" ? "" : `${label}: `}${spansText(spans)}`)
    case "List":
      return block.items.map((item) => `- ${spansText(item)}`)
    case "Heading":
    case "Text":
      return spansText(block.spans).split("\n")
    default:
      return []
  }
}
