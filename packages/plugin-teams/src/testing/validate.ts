import { spansText } from "@tocsin/core/fakes"
import { utf8Units } from "@tocsin/core"
import { Option } from "effect"
import { maxBytes } from "../card.ts"
import { decode, see } from "./see.ts"

/**
 * Checks the body of a request against what Teams documents: one Adaptive Card of version 1.5 and at most 28 KB, whose text is in
 * text runs, where no Markdown is read. Returns one sentence for each problem.
 *
 * @see https://learn.microsoft.com/en-us/connectors/teams/#known-issues-and-limitations-with-actions
 */
export const validate = (body: string): ReadonlyArray<string> => {
  const bytes = utf8Units(body).length
  const payload = parse(body)
  const texts = see(payload).blocks.flatMap((block) => ("spans" in block ? [spansText(block.spans)] : []))
  return [
    ...(Option.isNone(decode(payload)) ? ["Not a message with one Adaptive Card of text runs"] : []),
    ...(bytes > maxBytes ? [`${bytes} of ${maxBytes} bytes`] : []),
    ...(texts.every((text) => text.isWellFormed()) ? [] : ["Half a surrogate pair"]),
    ...(texts.every((text) => text.trim() !== "") ? [] : ["A blank line"])
  ]
}

/** A body as JSON; undefined if it is none. */
export const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
