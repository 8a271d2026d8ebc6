import type { Preview } from "@tocsin/core"
import { spansText } from "@tocsin/core/fakes"
import { Option, Schema } from "effect"
import { see } from "./see.ts"

/**
 * Renders a room notification for a terminal: how it alerts people, then the card if there is one, else the message.
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
