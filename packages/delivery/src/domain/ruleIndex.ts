/**
 * Finds the rules that may match an alert without a look at all of them.
 */
import type { Alert, AlertRule, Match } from "@tocsin/core"

/**
 * The rules in use that may match an alert, in their order. A rule is looked up by texts that its match demands word for
 * word, those that the fewest other rules demand; one that demands none (only patterns with `*`) is always among them.
 */
export const ruleIndex = (rules: ReadonlyArray<AlertRule>): ((alert: Alert) => ReadonlyArray<AlertRule>) => {
  const enabled = rules.flatMap((rule) => (rule.enabled ? [{ rule, demands: demanded(rule.match) }] : []))
  const demanding = new Map<string, number>()
  for (const { demands } of enabled) {
    for (const key of demands.flat()) demanding.set(key, (demanding.get(key) ?? 0) + 1)
  }
  const commonest = (keys: ReadonlyArray<string>) => Math.max(...keys.map((key) => demanding.get(key) ?? 0))
  const byKey = new Map<string | undefined, Array<number>>()
  enabled.forEach(({ demands }, place) => {
    const [rarest] = demands.toSorted((a, b) => commonest(a) - commonest(b))
    for (const key of new Set<string | undefined>(rarest ?? [undefined])) {
      const places = byKey.get(key)
      if (places === undefined) byKey.set(key, [place])
      else places.push(place)
    }
  })
  return (alert) => {
    const places = new Set([undefined, ...said(alert)].flatMap((key) => byKey.get(key) ?? []))
    return [...places].toSorted((a, b) => a - b).flatMap((place) => enabled[place]?.rule ?? [])
  }
}

/** What the match demands word for word: of each list the alert must say one. */
const demanded = ({ labels = {}, rule, source, test }: Match): ReadonlyArray<ReadonlyArray<string>> => {
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

/** All that an alert says which a match can demand. */
const said = ({ labels, rule, source, test }: Alert): ReadonlyArray<string> => [
  key("source", source),
  ...[rule.name, rule.id].flatMap((text) => (text === undefined ? [] : key("rule", text))),
  ...[test?.name, test?.id].flatMap((text) => (text === undefined ? [] : key("test", text))),
  ...Object.entries(labels).map(([name, value]) => key(`label ${name}`, value))
]

const key = (of: string, text: string) => JSON.stringify([of, text])
