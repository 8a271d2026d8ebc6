/**
 * Finds the rules that may match an alert without testing all of them. Pure.
 */
import type { Alert, AlertRule, Match } from "@tocsin/core"

/**
 * Returns the enabled rules that may match an alert, in their order. A rule is indexed by the exact texts that its match
 * requires, by those that the fewest other rules require. A rule without exact texts (only patterns with `*`) is always
 * included.
 */
export const ruleIndex = (rules: ReadonlyArray<AlertRule>): ((alert: Alert) => ReadonlyArray<AlertRule>) => {
  const enabled = rules.flatMap((rule) => (rule.enabled ? [{ rule, requirements: exactTexts(rule.match) }] : []))
  const requiredBy = new Map<string, number>()
  for (const { requirements } of enabled) {
    for (const key of requirements.flat()) requiredBy.set(key, (requiredBy.get(key) ?? 0) + 1)
  }
  const commonest = (keys: ReadonlyArray<string>) => Math.max(...keys.map((key) => requiredBy.get(key) ?? 0))
  const byKey = new Map<string | undefined, Array<number>>()
  enabled.forEach(({ requirements }, index) => {
    const [rarest] = requirements.toSorted((a, b) => commonest(a) - commonest(b))
    for (const key of new Set<string | undefined>(rarest ?? [undefined])) {
      const indexes = byKey.get(key)
      if (indexes === undefined) byKey.set(key, [index])
      else indexes.push(index)
    }
  })
  return (alert) => {
    const indexes = new Set([undefined, ...textsOf(alert)].flatMap((key) => byKey.get(key) ?? []))
    return [...indexes].toSorted((a, b) => a - b).flatMap((index) => enabled[index]?.rule ?? [])
  }
}

/** The exact texts that the match requires: the alert must contain one of each list. */
const exactTexts = ({ labels = {}, rule, source, test }: Match): ReadonlyArray<ReadonlyArray<string>> => {
  const all: ReadonlyArray<readonly [of: string, texts: Match["source"]]> = [
    ["source", source],
    ["rule", rule],
    ["test", test],
    ...Object.entries(labels).map(([name, texts]) => [`label ${name}`, texts] as const)
  ]
  return all.flatMap(([of, texts = "*"]) => {
    const list = typeof texts === "string" ? [texts] : texts
    return list.some((text) => text.includes("*")) ? [] : [list.map((text) => key(of, text))]
  })
}

/** All texts of an alert that a match can require. */
const textsOf = ({ labels, rule, source, test }: Alert): ReadonlyArray<string> => [
  key("source", source),
  ...[rule.name, rule.id].flatMap((text) => (text === undefined ? [] : key("rule", text))),
  ...[test?.name, test?.id].flatMap((text) => (text === undefined ? [] : key("test", text))),
  ...Object.entries(labels).map(([name, value]) => key(`label ${name}`, value))
]

const key = (of: string, text: string) => JSON.stringify([of, text])
