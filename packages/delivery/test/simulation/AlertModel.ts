/**
 * Which alerts there must be, after I1 to I6, written from the cases and not from
 * the engine. Plain data: it can be copied, to know what would be without an event.
 */
import type { Because, Severity } from "@tocsin/core"
import type { SourceEvent } from "./Script.ts"

/** One episode, as it must be known. Times are epoch milliseconds. */
export interface ModelAlert {
  readonly source: string
  readonly sourceId: string
  readonly episode: number
  state: "raised" | "cleared"
  severity: Severity
  team: string
  summary: string
  startedAt: number
  clearedAt: number | undefined
  because: Because | undefined
  /** Whether its raise was ever heard of here (I4). */
  readonly wasRaised: boolean
  clearTimeStated: boolean
  /** The last event that was taken, word for word. */
  last: string
}

export type Status = "accepted" | "duplicate" | "late"

/** What an event did: what its sender is answered, and the episode that it belongs to. */
export interface Verdict {
  readonly status: Status
  readonly episode: number
  /** Whether the due deliveries must be computed again. */
  readonly moved: boolean
}

export interface AlertModel {
  /** The episodes of each alert of each source, oldest first. */
  readonly alerts: Map<string, Array<ModelAlert>>
  /** What was answered to each event that had a name. */
  readonly answered: Map<string, Verdict>
}

export const empty = (): AlertModel => ({ alerts: new Map(), answered: new Map() })

export const keyOf = ({ source, sourceId }: { readonly source: string; readonly sourceId: string }) =>
  `${source}/${sourceId}`

/** Takes one event in at the time `now`; `start` is the wall clock's time when the run began. */
export const take = (model: AlertModel, event: SourceEvent, now: number, start: number): Verdict => {
  const name = event.eventId === undefined ? undefined : `${event.source} ${event.eventId}`
  const seen = name === undefined ? undefined : model.answered.get(name)
  if (seen !== undefined) return { ...seen, moved: false }
  const verdict = judge(model, event, now, start)
  if (name !== undefined) model.answered.set(name, verdict)
  return verdict
}

/** An operator closes the alert, if it is raised; answers it then. */
export const closeByHand = (
  model: AlertModel,
  alert: { readonly source: string; readonly sourceId: string },
  now: number
): ModelAlert | undefined => {
  const latest = model.alerts.get(keyOf(alert))?.at(-1)
  if (latest?.state !== "raised") return undefined
  Object.assign(latest, { state: "cleared", clearedAt: now, because: "byHand", clearTimeStated: false })
  return latest
}

const judge = (model: AlertModel, event: SourceEvent, now: number, start: number): Verdict => {
  const key = keyOf(event)
  const episodes = model.alerts.get(key) ?? []
  model.alerts.set(key, episodes)
  const latest = episodes.at(-1)
  const isRaise = event.state === "raised"
  const startedAt = start + event.startedAt
  const clearedAt = event.clearedAt === undefined ? undefined : start + event.clearedAt
  const cleared = { clearedAt: clearedAt ?? now, because: event.because ?? "conditionsNoLongerMet" } as const
  const word = JSON.stringify(event)

  const open = (): Verdict => {
    episodes.push({
      source: event.source,
      sourceId: event.sourceId,
      episode: episodes.length + 1,
      state: event.state,
      severity: event.severity,
      team: event.team,
      summary: event.summary,
      startedAt,
      clearedAt: isRaise ? undefined : cleared.clearedAt,
      because: isRaise ? undefined : cleared.because,
      wasRaised: isRaise,
      clearTimeStated: clearedAt !== undefined,
      last: word
    })
    return { status: "accepted", episode: episodes.length, moved: true }
  }
  const nothing = (status: Status): Verdict => ({ status, episode: episodes.length, moved: false })

  if (latest === undefined) return open()
  // I5
  if (event.eventId === undefined && latest.last === word && latest.state === event.state) return nothing("duplicate")
  if (latest.state === "raised") {
    if (isRaise) {
      // I6
      const { severity, summary, team } = event
      Object.assign(latest, { severity, summary, team, last: word, startedAt: Math.min(latest.startedAt, startedAt) })
    } else {
      // I3
      const behind = clearedAt === undefined ? 0 : latest.startedAt - clearedAt
      const namesIt = startedAt === latest.startedAt
      if (event.reusesId && behind > (namesIt ? 60_000 : 0)) return nothing("late")
      Object.assign(latest, { state: "cleared", ...cleared, clearTimeStated: clearedAt !== undefined, last: word })
    }
    return { status: "accepted", episode: latest.episode, moved: true }
  }
  // I2, I3
  if (!event.reusesId) return nothing("late")
  const isLate = latest.clearTimeStated
    ? startedAt <= latest.startedAt || startedAt < (latest.clearedAt ?? 0) - 60_000
    : startedAt === latest.startedAt
  return isLate ? nothing("late") : open()
}
