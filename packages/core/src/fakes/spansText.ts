import type { Span } from "../Preview.ts"
import { timeText } from "../Message.ts"

/** Spans as plain text, for a terminal or a test: links with their URLs in parentheses, times in UTC. */
export const spansText = (spans: ReadonlyArray<Span>): string =>
  spans
    .map((span) =>
      span._tag === "Time" ? timeText(span.at) : span._tag === "Link" ? `${span.text} (${span.link.href})` : span.text
    )
    .join("")
