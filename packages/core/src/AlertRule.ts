/**
 * An alert rule: which alerts it matches and the integrations that it notifies.
 */
import { Schema } from "effect"
import { type Alert, Severity, severityRank } from "./Alert.ts"
import { ConfiguredName, PathSegment } from "./identifiers.ts"
import { maxLabels, maxListed, maxTextLength } from "./InboundLimits.ts"
import { IntegrationId } from "./Integration.ts"

/** The id of an alert rule. */
export const AlertRuleId = PathSegment.pipe(Schema.brand("AlertRuleId"))
export type AlertRuleId = typeof AlertRuleId.Type

const Glob = Schema.String.check(
  Schema.isMaxLength(maxTextLength, { expected: `a pattern of at most ${maxTextLength} characters` })
)

const Globs = Schema.Union([
  Glob,
  Schema.Array(Glob).check(Schema.isMaxLength(maxListed, { expected: `an array of at most ${maxListed} patterns` }))
]).annotate({
  expected: "a pattern or an array of patterns, where * stands for any text"
})

/**
 * Which alerts a rule matches. An alert must meet every condition that is given, and one pattern of an array is enough;
 * an empty match matches every alert. Patterns are case-sensitive, with `*` for any text; at most 1,000 in an array,
 * 4,096 characters each, and 64 labels.
 */
export const Match = Schema.Struct({
  source: Schema.optionalKey(Globs).annotateKey({
    description: "Compared with the source's name. `*` stands for any text. One pattern of an array is enough."
  }),
  rule: Schema.optionalKey(Globs).annotateKey({
    description:
      "Compared with the name and the id of the source's rule, with `*` for any text. One of the two must match."
  }),
  test: Schema.optionalKey(Globs).annotateKey({
    description:
      "Compared with the name and the id of the test, with `*` for any text. An alert without a test matches none."
  }),
  severity: Schema.optionalKey(Severity).annotateKey({
    description: "At least this severity: major matches major and critical."
  }),
  labels: Schema.optionalKey(
    Schema.Record(Schema.String, Globs).check(
      Schema.isMaxProperties(maxLabels, { expected: `an object of at most ${maxLabels} labels` })
    )
  ).annotateKey({
    description: "Patterns for the values of labels, by the labels' names, with `*` for any text. All must match."
  })
})
export type Match = typeof Match.Type

/** Which alerts go to which integrations, and whether their clears are sent too. */
export const AlertRule = Schema.Struct({
  id: AlertRuleId,
  name: ConfiguredName,
  enabled: Schema.Boolean,
  match: Match,
  integrations: Schema.Array(IntegrationId).check(
    Schema.isMaxLength(maxListed, { expected: `an array of at most ${maxListed} ids` })
  ),
  notifyOnClear: Schema.Boolean.annotateKey({
    description: "Send when clears: whether integrations that received the raise also receive the clear."
  })
})
export type AlertRule = typeof AlertRule.Type

/** Whether the alert meets all conditions of the match. */
export const matches = (match: Match, alert: Alert): boolean =>
  anyOf(match.source, [alert.source]) &&
  anyOf(match.rule, [alert.rule.name, alert.rule.id]) &&
  anyOf(match.test, [alert.test?.name, alert.test?.id]) &&
  (match.severity === undefined || severityRank(alert.severity) >= severityRank(match.severity)) &&
  Object.entries(match.labels ?? {}).every(([name, globs]) => anyOf(globs, [ownLabel(alert, name)]))

/** A condition of a match that an alert does not meet. */
export interface UnmetCondition {
  /** `source`, `rule`, `test`, `severity`, or `labels/NAME`. */
  readonly condition: string
  readonly wanted: string
  /** What the alert has; undefined if nothing. */
  readonly found: string | undefined
}

/** The conditions of a match that the alert does not meet; none if it matches. */
export const unmetConditions = (match: Match, alert: Alert): ReadonlyArray<UnmetCondition> => {
  const { labels = {}, severity, ...others } = match
  const parts: ReadonlyArray<readonly [condition: string, Match, wanted: string, found: string | undefined]> = [
    ...(severity === undefined
      ? []
      : [["severity", { severity }, `${severity} or more severe`, alert.severity] as const]),
    ...(["source", "rule", "test"] as const).flatMap((name) => {
      const globs = others[name]
      const found = name === "source" ? alert.source : alert[name]?.name
      return globs === undefined ? [] : [[name, { [name]: globs }, globsText(globs), found] as const]
    }),
    ...Object.entries(labels).map(
      ([name, globs]) =>
        [`labels/${name}`, { labels: { [name]: globs } }, globsText(globs), ownLabel(alert, name)] as const
    )
  ]
  return parts.flatMap(([condition, part, wanted, found]) =>
    matches(part, alert) ? [] : [{ condition, wanted, found }]
  )
}

const globsText = (globs: typeof Globs.Type): string => (typeof globs === "string" ? globs : globs.join(" or "))

const ownLabel = (alert: Alert, name: string) => (Object.hasOwn(alert.labels, name) ? alert.labels[name] : undefined)

const anyOf = (globs: typeof Globs.Type | undefined, texts: ReadonlyArray<string | undefined>): boolean =>
  globs === undefined ||
  (typeof globs === "string" ? [globs] : globs).some((glob) =>
    texts.some((text) => text !== undefined && matchesGlob(glob, text))
  )

/** Linear in the length of the text for each `*`: the first occurrence of a part always suffices. */
const matchesGlob = (glob: string, text: string): boolean => {
  const [head = "", ...rest] = glob.split("*")
  const tail = rest.pop()
  if (tail === undefined) return text === head
  if (!text.startsWith(head)) return false
  let at = head.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - tail.length >= at && text.endsWith(tail)
}
