/**
 * The causes of deliveries as people read them. History stores ids and codes, because names change.
 */
import { type AlertRule, becauseText } from "@tocsin/core"
import type { Delivery } from "./History.ts"

/**
 * Shows the causes of a delivery with the names of rules and the reason of a close in words: `matched by rule "Disk full"`
 * instead of `matched by rule 01a2…`. A rule that was removed keeps its id.
 */
export const withShownCauses = (rules: ReadonlyArray<Pick<AlertRule, "id" | "name">>) => {
  const names = new Map<string, string>(rules.map(({ id, name }) => [id, name]))
  const shown = (cause: string | undefined) => (cause === undefined ? undefined : shownCause(cause, names))
  return (delivery: Delivery): Delivery => ({
    ...delivery,
    cause: shown(delivery.cause),
    transitions: delivery.transitions.map((step) => ({ ...step, cause: shown(step.cause) }))
  })
}

/** Reads what `matchedText` writes. */
const shownCause = (cause: string, names: ReadonlyMap<string, string>): string => {
  const [, code, matched] = /^(?:closed: (\w+); was )?matched by (.*)$/s.exec(cause) ?? []
  if (matched === undefined) return cause
  const because = Object.entries(becauseText).find(([one]) => one === code)?.[1] ?? code
  const matchers = matched
    .split(/, (?=rule |the fallback for )/)
    .map((one) =>
      one.startsWith("rule ") ? `rule "${names.get(one.slice("rule ".length)) ?? one.slice("rule ".length)}"` : one
    )
  return `${because === undefined ? "" : `closed: ${because}; was `}matched by ${matchers.join(", ")}`
}
