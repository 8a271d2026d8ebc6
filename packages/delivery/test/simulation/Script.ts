/**
 * What happens in a run, step by step. Any step can be left out and the rest still
 * makes sense: what is not there is not edited, and nobody answers what was not asked.
 */
import type { Severity } from "@tocsin/core"

/** What a source says; times are in milliseconds since the run began. */
export interface SourceEvent {
  readonly source: string
  readonly sourceId: string
  readonly state: "raised" | "cleared"
  readonly severity: Severity
  readonly team: string
  readonly summary: string
  readonly startedAt: number
  readonly clearedAt?: number
  readonly because?: "sourceRuleChanged"
  readonly eventId?: string
  readonly reusesId: boolean
}

export interface ScriptedRule {
  readonly id: string
  readonly enabled: boolean
  readonly severity?: Severity
  readonly team?: string
  readonly source?: string
  readonly integrations: ReadonlyArray<string>
  readonly notifyOnClear: boolean
}

export interface Rate {
  readonly messages: number
  readonly perSeconds: number
  readonly burst: number
}

export interface ScriptedIntegration {
  readonly id: string
  readonly enabled: boolean
  /** The rate limit's key, perhaps shared. */
  readonly key: string
  readonly rate: Rate
  readonly limits?: Rate
  readonly fallback?: string
  readonly delivery?: { readonly timeout?: number; readonly deadline?: number; readonly maxBackoff?: number }
  /** Another place is another channel of the same service. */
  readonly place: number
}

/** What a service does with an attempt. Milliseconds where a number follows. */
export type Behaviour =
  | { readonly does: "answers late"; readonly after: number }
  | { readonly does: "asks to wait"; readonly milliseconds: number }
  | { readonly does: "has none left"; readonly milliseconds: number }
  /** A 503 with Retry-After. */
  | { readonly does: "is busy"; readonly milliseconds: number }
  | {
      readonly does:
        | "hangs"
        | "takes it and hangs"
        | "takes it and cuts the line"
        | "cuts the line"
        | "is down"
        | "refuses rich"
        | "refuses all"
        | "denies"
        | "is gone"
        | "says something else"
        | "breaks the plugin"
        | "throws in the plugin"
        | "breaks the plugin off"
        | "gives a bad receipt"
        | "takes it and the gateway dies"
    }
  | { readonly does: "answers and the gateway dies"; readonly operations: number }

export type Action =
  | { readonly _tag: "Events"; readonly calls: ReadonlyArray<ReadonlyArray<SourceEvent>> }
  /** So many alerts of one source are raised or cleared in one request; every 20th is critical. */
  | {
      readonly _tag: "Storm"
      readonly alerts: number
      readonly state: "raised" | "cleared"
      readonly startedAt: number
    }
  | { readonly _tag: "CloseByHand"; readonly source: string; readonly sourceId: string }
  | { readonly _tag: "SaveRule"; readonly rule: ScriptedRule }
  | { readonly _tag: "RemoveRule"; readonly id: string }
  | { readonly _tag: "SaveIntegration"; readonly integration: ScriptedIntegration }
  | { readonly _tag: "RemoveIntegration"; readonly id: string; readonly force: boolean }
  | { readonly _tag: "TestSend"; readonly integration: string }
  /** All that died is to be delivered again. */
  | { readonly _tag: "Redeliver" }
  /** The delivery that is the n-th, counted from the newest and around. */
  | { readonly _tag: "RedeliverOne"; readonly nth: number }
  | {
      readonly _tag: "Service"
      readonly integration: string
      readonly behaviour: Behaviour
      readonly lasts: { readonly times: number } | { readonly milliseconds: number }
    }
  /**
   * The gateway dies when its fibers have done so many operations more, and is started
   * again after the pause; `again`: it dies once more, so many operations after that.
   */
  | { readonly _tag: "Crash"; readonly operations: number; readonly pause: number; readonly again?: number }
  | { readonly _tag: "Restart"; readonly pause: number }
  | { readonly _tag: "SetClock"; readonly milliseconds: number }

/** One thing that happens, so many milliseconds after the one before. */
export interface Step {
  readonly after: number
  readonly action: Action
}

export type Script = ReadonlyArray<Step>

/** The script for people. */
export const print = (script: Script): string => {
  let at = 0
  return script
    .map(({ action, after }) => {
      at += after
      return `${seconds(at).padStart(12)}  ${say(action)}`
    })
    .join("\n")
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(3)} s`

const say = (action: Action): string => {
  switch (action._tag) {
    case "Events":
      return action.calls.map((call) => call.map(sayEvent).join(", then ")).join("; at once ")
    case "SaveRule": {
      const { enabled, id, integrations, notifyOnClear, ...match } = action.rule
      return `rule ${id}${enabled ? "" : ", disabled"}: ${words(match)} -> ${integrations.join(", ")}, ${notifyOnClear ? "also" : "not"} of clears`
    }
    case "SaveIntegration": {
      const { enabled, id, ...others } = action.integration
      return `integration ${id}${enabled ? "" : ", disabled"}: ${words(others)}`
    }
    case "Service": {
      const { behaviour, integration, lasts } = action
      return `the service of ${integration} ${words(behaviour)}, ${words(lasts)}`
    }
    default: {
      const { _tag, ...others } = action
      return `${_tag} ${words(others)}`
    }
  }
}

const sayEvent = ({ clearedAt, source, sourceId, startedAt, state, ...others }: SourceEvent): string =>
  `${source}/${sourceId} is ${state}, started at ${seconds(startedAt)}` +
  `${clearedAt === undefined ? "" : `, cleared at ${seconds(clearedAt)}`} (${words(others)})`

/** Names and values, without the marks of JSON. */
const words = (value: object): string => JSON.stringify(value).replaceAll(/["{}]/g, "").replaceAll(/[,:]/g, "$& ")

/** What the source of a storm says. */
export const storm = ({
  alerts,
  startedAt,
  state
}: Extract<Action, { readonly _tag: "Storm" }>): ReadonlyArray<SourceEvent> =>
  Array.from({ length: alerts }, (_, n) => ({
    source: "storm",
    sourceId: `s${n}`,
    state,
    severity: n % 20 === 19 ? "critical" : "minor",
    team: "net",
    summary: "a storm",
    startedAt,
    reusesId: true
  }))
