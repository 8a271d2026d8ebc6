import type { RuleRow } from "../../data/queries.ts"

const list = new Intl.ListFormat(undefined, { type: "disjunction" })

const any = (patterns: string | ReadonlyArray<string>): string =>
  typeof patterns === "string" ? patterns : list.format(patterns)

/** Which alerts a rule matches, in a line: `source thousandeyes, severity major and above`. */
export const matchText = ({ labels, rule, severity, source, test }: RuleRow["match"]): string => {
  const parts = [
    ...(source === undefined ? [] : [`source ${any(source)}`]),
    ...(rule === undefined ? [] : [`rule ${any(rule)}`]),
    ...(test === undefined ? [] : [`test ${any(test)}`]),
    ...(severity === undefined ? [] : [severity === "critical" ? "critical only" : `${severity} and above`]),
    ...Object.entries(labels ?? {}).map(([name, patterns]) => `${name} = ${any(patterns)}`)
  ]
  return parts.length === 0 ? "every alert" : parts.join(", ")
}
