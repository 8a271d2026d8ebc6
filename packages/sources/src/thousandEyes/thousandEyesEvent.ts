import { type AlertEvent, cut, cutLabels, InboundLimits, type Link, type Observation, Severity } from "@tocsin/core"
import { DateTime, Option, Schema } from "effect"
import type { Options as SourceOptions } from "../Source.ts"
import { type ReadTime, readTime } from "../reading/javaTime.ts"
import { withDefaults } from "../reading/report.ts"
import type { Settings } from "./thousandEyesSettings.ts"
import { defaultViewsUrl, viewLinks } from "./viewLinks.ts"

/** The context of a body. */
export type Options = SourceOptions<Settings>

/** An alert as any of the formats states it, before it is interpreted. */
export interface Reported {
  readonly _tag: "Reported"
  readonly state: AlertEvent["state"]
  readonly alertId: string
  readonly eventId: string | undefined
  readonly ruleId: string | undefined
  readonly ruleName: string | undefined
  readonly expression: string | undefined
  readonly testId: string | undefined
  readonly testName: string | undefined
  readonly testType: string | undefined
  readonly targets: ReadonlyArray<string>
  readonly severity: string | undefined
  readonly summary: string | undefined
  /** The stated times of the start, the more precise first. */
  readonly started: ReadonlyArray<string | undefined>
  /** The stated times of the end, the more precise first. */
  readonly ended: ReadonlyArray<string | undefined>
  readonly observations: ReadonlyArray<Observation>
  /** The number of observers that are not in `observations`. */
  readonly observationsOmitted: number
  /** The stated states of the alert and of its observers; 2 means that the rule was changed or removed. */
  readonly active: ReadonlyArray<string | undefined>
  readonly testLabels: ReadonlyArray<string>
  /** Fields that operators added to the alert. */
  readonly extras: ReadonlyArray<readonly [name: string, value: string]>
  readonly permalink: Link | undefined
  /** The account group. */
  readonly aid: string | undefined
  /** The first agent that saw the problem. */
  readonly agentId: string | undefined
}

/** Converts a report to an event. */
export const toEvent = (reported: Reported, options: Options): AlertEvent => {
  const { alertId, eventId, expression, ruleId, state, summary } = reported
  const isClear = state === "cleared"
  const started = firstTime(reported.started, options.defaults.timezone)
  const ended = isClear ? endAfter(started, firstTime(reported.ended, options.defaults.timezone)) : undefined
  const severity = readSeverity(reported.severity?.toLowerCase())
  const assumedTimeZone = started?.assumed ?? ended?.assumed
  return {
    source: options.source,
    sourceId: alertId,
    ...(eventId && { eventId }),
    reusesId: false,
    state,
    startedAt: started?.at ?? options.receivedAt,
    ...(ended && { clearedAt: ended.at }),
    ...(isClear && { clearedBecause: ruleChanged(reported) ? "sourceRuleChanged" : "conditionsNoLongerMet" }),
    ...(assumedTimeZone && { assumedTimeZone }),
    rule: {
      name: reported.ruleName ?? expression ?? (ruleId === undefined ? "unnamed rule" : `rule ${ruleId}`),
      ...(ruleId && { id: ruleId }),
      ...(expression && { expression })
    },
    ...test(reported),
    severity: Option.getOrElse(severity, () => options.defaults.severity ?? "major"),
    ...(summary && { summary }),
    observations: reported.observations.map(({ name, ...observed }) => ({
      name: cut(name, InboundLimits.maxTextLength),
      ...observed
    })),
    observationsOmitted: reported.observationsOmitted,
    labels: cutLabels(
      withDefaults(
        [
          ...(reported.testLabels.length > 0 ? [["testLabels", reported.testLabels.join(", ")] as const] : []),
          ...(reported.severity !== undefined && Option.isNone(severity)
            ? [["severity", reported.severity] as const]
            : []),
          ...reported.extras
        ],
        options.defaults
      )
    ),
    links: links(reported, options.settings.viewsUrl ?? defaultViewsUrl, { started: started?.at, cleared: ended?.at })
  }
}

const readSeverity = Schema.decodeUnknownOption(Severity)

const firstTime = (stated: ReadonlyArray<string | undefined>, timezone: string | undefined): ReadTime | undefined => {
  for (const text of stated) {
    const time = text === undefined ? undefined : Option.getOrUndefined(readTime(text, timezone))
    if (time) return time
  }
  return undefined
}

/**
 * Ignores an end before the start: one of the two was read in a wrong zone, or in the wrong one of two equal hours. A
 * clear with such a time would count as late and leave its alert open for ever.
 */
const endAfter = (started: ReadTime | undefined, ended: ReadTime | undefined): ReadTime | undefined =>
  started && ended && DateTime.isLessThan(ended.at, started.at) ? undefined : ended

/**
 * Whether the rule was changed, or removed from the test, which ends its alerts: the state is 2 and the metrics say so.
 */
const ruleChanged = ({ active, observations }: Reported): boolean =>
  active.includes("2") || observations.some(({ atEnd }) => atEnd !== undefined && /^N\/A \(rule /i.test(atEnd))

const test = ({ targets, testId, testName, testType }: Reported): Pick<AlertEvent, "test"> => {
  const name = testName ?? (testId === undefined ? undefined : `test ${testId}`)
  if (name === undefined) return {}
  return {
    test: {
      name,
      ...(testId && { id: testId }),
      ...(testType && { type: testType }),
      ...(targets.length > 0 && { targets })
    }
  }
}

const links = (
  { agentId, aid, permalink, testId }: Reported,
  template: string,
  times: Parameters<typeof viewLinks>[2]
): AlertEvent["links"] => ({
  ...viewLinks(template, { aid: account(aid) ?? account(permalink?.searchParams.get("__a")), testId, agentId }, times),
  ...(permalink && { alert: permalink })
})

/** ThousandEyes writes 0 for no account group. */
const account = (aid: string | null | undefined): string | undefined =>
  aid === "0" || aid === "" ? undefined : (aid ?? undefined)
