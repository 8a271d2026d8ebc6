/** Makes a script from a seed. */
import type { Severity } from "@tocsin/core"
import { Dice } from "./Dice.ts"
import type { Action, Behaviour, Rate, Script, ScriptedIntegration, ScriptedRule, SourceEvent, Step } from "./Script.ts"

const severities = ["info", "minor", "major", "critical"] as const satisfies ReadonlyArray<Severity>
const teams = ["net", "web"] as const
const rates: readonly [Rate, ...ReadonlyArray<Rate>] = [
  { messages: 100_000, perSeconds: 60, burst: 100_000 },
  { messages: 5, perSeconds: 5, burst: 5 },
  { messages: 30, perSeconds: 60, burst: 10 },
  { messages: 10, perSeconds: 60, burst: 2 },
  { messages: 4, perSeconds: 60, burst: 1 }
]

export const generate = (seed: number): Script => {
  const dice = new Dice(`script ${seed}`)
  const ids = ["a", "b", "c", "d"].slice(0, dice.int(1, 4))
  const rules = ["r1", "r2", "r3"].slice(0, dice.int(1, 3))
  const operators = new Operators(dice, ids, rules)
  const sources = new Sources(dice, new Dice(`clocks ${seed}`))
  const steps: Array<Step> = [
    ...ids.map((id) => ({ after: 0, action: operators.integration(id, true) })),
    // Again, because a fallback must be there before it is named: also by itself, by way of others.
    ...ids.map((id) => ({ after: 0, action: operators.integration(id, true) })),
    ...rules.map((id) => ({ after: 0, action: operators.rule(id) }))
  ]
  let now = 0
  const storm = dice.chance(0.25) ? dice.pick([15, 40, 100]) : 0
  const pace = dice.pick([300, 3000, 30_000] as const)
  for (let n = dice.int(10, 50); n > 0; n--) {
    const after = dice.chance(0.3) ? 0 : dice.int(1, dice.chance(0.1) ? pace * 10 : pace)
    now += after
    const isStorm = storm > 0 && dice.chance(0.12)
    steps.push({
      after,
      action: isStorm
        ? {
            _tag: "Storm",
            alerts: dice.int(2, storm),
            state: dice.chance(0.7) ? "raised" : "cleared",
            startedAt: now
          }
        : action(dice, now, sources, operators, ids)
    })
  }
  return steps
}

const action = (
  dice: Dice,
  now: number,
  sources: Sources,
  operators: Operators,
  ids: ReadonlyArray<string>
): Action => {
  const roll = dice.int(1, 100)
  if (roll <= 52) return { _tag: "Events", calls: sources.calls(now) }
  if (roll <= 70) return service(dice, ids)
  if (roll <= 85) return operators.edit()
  if (roll <= 88) return { _tag: "CloseByHand", ...sources.any() }
  if (roll <= 89) return { _tag: "TestSend", integration: ids[dice.int(0, ids.length - 1)] ?? "a" }
  if (roll <= 90) return dice.chance(0.5) ? { _tag: "Redeliver" } : { _tag: "RedeliverOne", nth: dice.int(0, 50) }
  if (roll <= 95) {
    const operations = dice.int(0, dice.pick([50, 500, 5000]))
    return { _tag: "Crash", operations, pause: pause(dice), ...(dice.chance(0.3) && { again: dice.int(0, 5000) }) }
  }
  if (roll <= 97) return { _tag: "Restart", pause: pause(dice) }
  return { _tag: "SetClock", milliseconds: dice.int(-1, 1) * dice.pick([700, 30_000, 600_000, 3_600_000]) }
}

const pause = (dice: Dice) => (dice.chance(0.5) ? 0 : dice.int(1, 20_000))

const service = (dice: Dice, ids: ReadonlyArray<string>): Action => {
  const does = behaviour(dice)
  return {
    _tag: "Service",
    integration: ids[dice.int(0, ids.length - 1)] ?? "a",
    behaviour: does,
    // A gateway that dies of a service for long does nothing else.
    lasts:
      does.does.endsWith("dies") || dice.chance(0.7)
        ? { times: dice.int(1, dice.chance(0.2) ? 8 : 3) }
        : { milliseconds: dice.int(1000, dice.chance(0.1) ? 900_000 : 60_000) }
  }
}

const behaviour = (dice: Dice): Behaviour => {
  switch (dice.int(1, 9)) {
    case 1:
      return { does: "answers late", after: dice.int(1, 12_000) }
    case 2:
      return { does: "asks to wait", milliseconds: dice.int(0, dice.chance(0.1) ? 600_000 : 30_000) }
    case 3:
      return { does: "has none left", milliseconds: dice.int(0, 30_000) }
    case 4:
      return { does: "answers and the gateway dies", operations: dice.int(0, 300) }
    case 5:
      return { does: "is busy", milliseconds: dice.int(0, dice.chance(0.2) ? 900_000 : 30_000) }
    case 6:
      return { does: dice.pick(["refuses rich", "refuses all"]) }
    default:
      return {
        does: dice.pick([
          "hangs",
          "takes it and hangs",
          "takes it and cuts the line",
          "cuts the line",
          "is down",
          "refuses rich",
          "refuses all",
          "denies",
          "is gone",
          "says something else",
          "breaks the plugin",
          "throws in the plugin",
          "breaks the plugin off",
          "gives a bad receipt",
          "takes it and the gateway dies"
        ])
      }
  }
}

/** Sources that know the truth, and say it well or badly. */
class Sources {
  readonly #alerts: ReadonlyArray<Truth>
  readonly #dice: Dice
  #eventIds = 0

  constructor(dice: Dice, clocks: Dice) {
    this.#dice = dice
    this.#alerts = Array.from({ length: dice.int(1, 6) }, (_, n) => ({
      source: dice.chance(0.2) ? "thousandeyes" : dice.pick(["monitor", "probe"]),
      sourceId: `k${n}`,
      statesClearTime: dice.chance(0.5),
      namesEvents: dice.chance(0.5),
      clearClockAhead: clocks.chance(0.5) ? 0 : clocks.int(-1, 1) * clocks.pick([1000, 50_000, 90_000]),
      isRaised: false,
      startedAt: 0,
      severity: "major",
      said: []
    }))
  }

  any() {
    const { source, sourceId } = this.#pick()
    return { source, sourceId }
  }

  /** Up to three requests at the same moment, of different alerts; a storm now and then. */
  calls(now: number): ReadonlyArray<ReadonlyArray<SourceEvent>> {
    const dice = this.#dice
    const speaking = new Set(Array.from({ length: dice.chance(0.2) ? 3 : 1 }, () => this.#pick()))
    return [...speaking].map((alert) =>
      dice.chance(0.08)
        ? Array.from({ length: dice.int(3, 9) }, (_, n) => this.#flap(alert, now + n))
        : Array.from({ length: dice.chance(0.2) ? dice.int(2, 4) : 1 }, () => this.#say(alert, now))
    )
  }

  #pick(): Truth {
    return this.#dice.pick(this.#alerts as [Truth, ...ReadonlyArray<Truth>])
  }

  #say(alert: Truth, now: number): SourceEvent {
    const dice = this.#dice
    const before = alert.said[dice.int(0, Math.max(0, alert.said.length - 1))]
    if (before !== undefined && dice.chance(0.15)) {
      // Again, late, out of order; perhaps with another body under the same name.
      return dice.chance(0.3) ? { ...before, summary: `again ${now}`, severity: dice.pick(severities) } : before
    }
    this.#move(alert, now)
    // What was lost on the way is known to the source only.
    if (dice.chance(0.05)) this.#move(alert, now)
    return this.#tell(alert, now)
  }

  /** Raised where it was cleared, and cleared where it was raised. */
  #flap(alert: Truth, now: number): SourceEvent {
    alert.isRaised = !alert.isRaised
    if (alert.isRaised) alert.startedAt = now
    return this.#tell(alert, now)
  }

  #tell(alert: Truth, now: number): SourceEvent {
    const dice = this.#dice
    const event: SourceEvent = {
      source: alert.source,
      sourceId: alert.sourceId,
      state: alert.isRaised ? "raised" : "cleared",
      severity: alert.severity,
      team: dice.chance(0.9) ? "net" : dice.pick(teams),
      summary: dice.chance(0.7) ? "it fails" : `it fails ${now}`,
      startedAt: alert.startedAt,
      reusesId: alert.source !== "thousandeyes",
      ...(!alert.isRaised && alert.statesClearTime && { clearedAt: now + alert.clearClockAhead }),
      ...(!alert.isRaised && dice.chance(0.1) && { because: "sourceRuleChanged" }),
      ...(alert.namesEvents && { eventId: `e${this.#eventIds++}` })
    }
    alert.said.push(event)
    return event
  }

  #move(alert: Truth, now: number) {
    const dice = this.#dice
    if (!alert.isRaised) {
      alert.isRaised = true
      alert.startedAt = dice.chance(0.05) ? now - dice.int(0, 100_000) : now
      alert.severity = dice.pick(severities)
    } else if (dice.chance(0.4)) {
      alert.severity = dice.pick(severities)
    } else {
      alert.isRaised = false
    }
  }
}

interface Truth {
  readonly source: string
  readonly sourceId: string
  readonly statesClearTime: boolean
  readonly namesEvents: boolean
  /** By how many milliseconds the clock that states the ends of alerts is ahead of the one that states their starts. */
  readonly clearClockAhead: number
  readonly said: Array<SourceEvent>
  isRaised: boolean
  startedAt: number
  severity: Severity
}

/** Operators who edit rules and integrations. */
class Operators {
  readonly #dice: Dice
  readonly #ids: ReadonlyArray<string>
  readonly #rules: ReadonlyArray<string>
  readonly #hasFallbacks: boolean
  readonly #known = new Map<string, ScriptedIntegration>()
  readonly #saved = new Map<string, ScriptedRule>()

  constructor(dice: Dice, ids: ReadonlyArray<string>, rules: ReadonlyArray<string>) {
    this.#dice = dice
    this.#hasFallbacks = dice.chance(0.35)
    this.#ids = ids
    this.#rules = rules
  }

  edit(): Action {
    const dice = this.#dice
    const rule = this.#rules[dice.int(0, this.#rules.length - 1)] ?? "r1"
    const id = this.#ids[dice.int(0, this.#ids.length - 1)] ?? "a"
    const roll = dice.int(1, 20)
    if (roll <= 10) return this.rule(rule)
    if (roll <= 11) return { _tag: "RemoveRule", id: rule }
    if (roll <= 18) return this.integration(id, dice.chance(0.7))
    return { _tag: "RemoveIntegration", id, force: dice.chance(0.8) }
  }

  /** Saves the rule as it was but for one thing, or anew. */
  rule(id: string): Action {
    const dice = this.#dice
    const before = this.#saved.get(id)
    const fresh: ScriptedRule = {
      id,
      enabled: dice.chance(before === undefined ? 0.95 : 0.8),
      ...(dice.chance(0.3) && { severity: dice.pick(severities) }),
      ...(dice.chance(0.2) && { team: dice.pick(teams) }),
      ...(dice.chance(0.2) && { source: dice.pick(["monitor", "probe", "*e*"]) }),
      integrations: dice.some(this.#ids, 0.7),
      notifyOnClear: dice.chance(0.7)
    }
    const changed: ReadonlyArray<keyof ScriptedRule> = ["enabled", "integrations", "notifyOnClear"]
    const one = changed[dice.int(0, 2)] ?? "enabled"
    const rule = before === undefined || dice.chance(0.4) ? fresh : { ...before, [one]: fresh[one] }
    this.#saved.set(id, rule)
    return { _tag: "SaveRule", rule }
  }

  integration(id: string, enabled: boolean): Action {
    const dice = this.#dice
    const before = this.#known.get(id)
    const fallback = this.#hasFallbacks && dice.chance(0.6) ? this.#ids[dice.int(0, this.#ids.length - 1)] : undefined
    const integration: ScriptedIntegration = {
      id,
      enabled,
      key: before?.key ?? (dice.chance(0.3) ? "shared" : id),
      rate: before?.rate ?? (dice.chance(0.6) ? rates[0] : dice.pick(rates)),
      place: (before?.place ?? 0) + (before !== undefined && dice.chance(0.2) ? 1 : 0),
      ...(dice.chance(0.1) && { limits: dice.pick(rates) }),
      ...(fallback !== undefined && fallback !== id && { fallback }),
      ...(dice.chance(0.3) && {
        delivery: {
          ...(dice.chance(0.5) && { timeout: dice.int(1, 20) }),
          ...(dice.chance(0.5) && { deadline: dice.int(60, 300) }),
          ...(dice.chance(0.5) && { fallbackAfter: dice.int(0, 60) }),
          ...(dice.chance(0.5) && { maxBackoff: dice.int(1, 60) })
        }
      })
    }
    this.#known.set(id, integration)
    return { _tag: "SaveIntegration", integration }
  }
}
