import { Preview } from "@tocsin/core"
import { spansText } from "@tocsin/core/fakes"
import { Option } from "effect"
import { seen } from "./seen.ts"

/**
 * Writes a payload as a person sees it in Slack: links with their URLs in
 * parentheses, times in UTC, the attachment behind a bar that names its colour.
 */
export const show = (payload: unknown): string =>
  Option.match(seen(payload), {
    onNone: () => "(not a message)",
    onSome: ({ attached: { accent, blocks }, channel, text }) =>
      [
        ...(channel === undefined ? [] : [`[${channel}]`]),
        ...lines(text),
        ...(accent === undefined ? [] : [`┃ [${names.get(accent) ?? accent}]`]),
        ...blocks.flatMap(lines).map((line) => `┃ ${line}`)
      ].join("\n")
  })

const names = new Map<string, string>([
  [Preview.accents.critical, "red"],
  [Preview.accents.major, "orange"],
  [Preview.accents.minor, "yellow"],
  [Preview.accents.info, "blue"],
  [Preview.accents.cleared, "green"],
  [Preview.accents.notice, "grey"]
])

const lines = (block: Preview.Block): ReadonlyArray<string> => {
  switch (block._tag) {
    case "Rule":
      return ["─".repeat(40)]
    case "Facts":
      return block.facts.map(({ label, spans }) => `${label}: ${spansText(spans)}`)
    case "List":
      return [...(block.title === undefined ? [] : [block.title]), ...block.items.map((item) => `• ${spansText(item)}`)]
    case "Code":
      return block.text.split("\n")
    default:
      return spansText(block.spans).split("\n")
  }
}
