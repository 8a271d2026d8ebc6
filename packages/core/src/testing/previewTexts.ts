import { spansText } from "../fakes/spansText.ts"
import type { Block, Preview, Span } from "../Preview.ts"

/** How spans are written. */
type Write = (spans: ReadonlyArray<Span>) => string

/** Returns the texts of a preview in reading order, each link with its URL. */
export const previewTexts = ({ blocks }: Preview, write: Write = spansText): ReadonlyArray<string> =>
  blocks.flatMap((block) => blockTexts(block, write))

const blockTexts = (block: Block, write: Write): ReadonlyArray<string> => {
  switch (block._tag) {
    case "Facts":
      return block.facts.map(({ label, spans }) => `${label}: ${write(spans)}`)
    case "List":
      return [...(block.title === undefined ? [] : [block.title]), ...block.items.map(write)]
    case "Code":
      return [block.text]
    case "Rule":
      return []
    default:
      return [write(block.spans)]
  }
}
