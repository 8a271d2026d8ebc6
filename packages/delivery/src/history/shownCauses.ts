/**
 * The causes of deliveries as people read them. History stores ids and codes, because names change.
 */
import { becauseText } from "@tocsin/core"
import { Effect } from "effect"
import type { Configuration } from "../config/Configuration.ts"
import type { Superseded } from "../domain/Planner.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import type { Delivery } from "./History.ts"

/** The current names, by id. */
interface Names {
  readonly rules: ReadonlyMap<string, string>
  readonly integrations: ReadonlyMap<string, string>
}

/**
 * Returns a function that shows the causes of a delivery with the names of rules and integrations, and the reason of a
 * close in words: `matched by rule "Disk full"` instead of `matched by rule 01a2…`. What was removed keeps its id.
 */
export const shownCauses = ({
  currentRules,
  integrationNames
}: Pick<Configuration["Service"], "currentRules" | "integrationNames">): Effect.Effect<
  (delivery: Delivery) => Delivery,
  StoreUnavailable
> =>
  Effect.map(Effect.all([currentRules, integrationNames]), ([rules, integrations]) => {
    const names = { rules: new Map<string, string>(rules.map(({ id, name }) => [id, name])), integrations }
    return (delivery) => ({
      ...delivery,
      cause: shownCause(delivery, delivery, names),
      transitions: delivery.transitions.map((step) => ({ ...step, cause: shownCause(step, delivery, names) }))
    })
  })

const shownCause = (
  { cause: stored, status }: Pick<Delivery, "cause" | "status">,
  { integration, transitions }: Delivery,
  names: Names
): string | undefined => {
  if (stored === undefined) return undefined
  const cause = inCurrentWords(stored)
  switch (status) {
    case "diverted":
      return shownFallback(cause, integration, names)
    case "delivered":
    case "folded": {
      // The id of the other delivery is in `foldedInto`.
      const isDigest = transitions.some((step) => step.cause?.startsWith("into the digest ") === true)
      return cause.replace(/^(in|into)( the digest)? [\w-]+$/, `$1 ${isDigest ? "a digest" : "another message"}`)
    }
    default:
      return words[cause] ?? shownMatch(cause, names)
  }
}

/** The cause in the words of this version; earlier ones stored others. */
const inCurrentWords = (cause: string): string =>
  cause
    .replace(/^(to [^:]*: )?given back: /, "$1requeued: ")
    .replace(/\bhanded back, because the gateway stopped: perhaps/, "requeued, because the gateway stopped: perhaps")
    .replace(/(the gateway stopped(?: during the attempt)?): perhaps sent twice$/, "$1: may be duplicated")

const words: { readonly [cause: string]: string | undefined } = {
  "no longer graver": "no longer more severe",
  "raise never told": "its raise was never delivered",
  "its fallback is told": "its fallback is notified instead"
} satisfies { readonly [S in Superseded]?: string }

/** Reads `to backup: ops is broken`. */
const shownFallback = (cause: string, integration: string, { integrations }: Names): string => {
  const [, to, why = ""] = /^to ([^:]*): (.*)$/s.exec(cause) ?? []
  if (to === undefined) return cause
  const subject = `${integration} is `
  return `to ${integrations.get(to) ?? to}: ${
    why.startsWith(subject) ? `${integrations.get(integration) ?? integration} is ${why.slice(subject.length)}` : why
  }`
}

/** Reads what `matchedText` writes. */
const shownMatch = (cause: string, { integrations, rules }: Names): string => {
  const [, code, matched] = /^(?:closed: (\w+); was )?matched by (.*)$/s.exec(cause) ?? []
  if (matched === undefined) return cause
  const because = Object.entries(becauseText).find(([one]) => one === code)?.[1] ?? code
  const matchers = matched.split(/, (?=rule |the fallback for )/).map((one) => {
    const [, kind, id = ""] = /^(rule|the fallback for) (.*)$/s.exec(one) ?? []
    return kind === undefined
      ? one
      : kind === "rule"
        ? `rule "${rules.get(id) ?? id}"`
        : `the fallback for ${integrations.get(id) ?? id}`
  })
  return `${because === undefined ? "" : `closed: ${because}; was `}matched by ${matchers.join(", ")}`
}
