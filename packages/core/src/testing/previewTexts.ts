import { spansText } from "../fakes/spansText.ts"
import type { Block, Preview } from "../Preview.ts"

/** The texts of a preview in the order in which they are read, each link with its URL. */
export const previewTexts = ({ blocks }: Preview): ReadonlyArray<string> => blocks.flatMap(blockTexts)

const blockTexts = (block: Block): ReadonlyArray<string> => {
  switch (block._tag) {
    case "Facts":
      return block.facts.map(({ label, spans }) => `${label}: ${spansText(spans)}`)
    case "List":
      return [...(block.title === undefined ? [] : [block.title]), ...block.items.map(spansText)]
    case "Code":
      return [block.text]
    case "Rule":
      return []
    default:
      return [spansText(block.spans)]
  }
}
