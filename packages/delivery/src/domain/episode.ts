/**
 * Decides which episode an event belongs to, and how it changes that episode (cases I1 to I6). Pure.
 */
import { type Alert, type AlertEvent, type AlertId, severityRank } from "@tocsin/core"
import { DateTime } from "effect"

/** The latest episode of an alert, as it is stored. */
export interface Episode {
  readonly alert: Alert
  /** Whether its raise arrived; false if only its clear did (I4). */
  readonly raisedHere: boolean
  /** Whether the source stated the time of the clear (I3). */
  readonly clearTimeStated: boolean
  /** The hash of the last event, to recognize a repeat (I5). May be longer than the hash of a new event, which is its beginning. */
  readonly lastHash: string
}

/** What an event does to the latest episode of its alert. */
export type EventEffect =
  | {
      /** The event changes the alert to the one given; `NeverRaised`: a clear of an alert whose raise never arrived. */
      readonly _tag: "Opened" | "Updated" | "Cleared" | "NeverRaised"
      readonly alert: Alert
      readonly clearTimeStated: boolean
    }
  /** The event changes nothing. */
  | { readonly _tag: "Duplicate"; readonly alert: Alert }
  | { readonly _tag: "Late"; readonly alert: Alert }

/** Decides how the event changes the latest episode of its alert. `now` is when it arrived; `newId` is the id of a new episode. */
export const applyEvent = (
  episode: Episode | undefined,
  event: AlertEvent,
  { hash, newId, now }: { readonly hash: string; readonly newId: AlertId; readonly now: DateTime.Utc }
): EventEffect => {
  const open = (number: number): EventEffect =>
    event.state === "raised"
      ? { _tag: "Opened", alert: raisedAlert(event, newId, number), clearTimeStated: false }
      : {
          _tag: "NeverRaised",
          alert: clearedAlert(raisedAlert(event, newId, number), event, now),
          clearTimeStated: event.clearedAt !== undefined
        }

  if (episode === undefined) return open(1)
  const { alert, lastHash } = episode
  if (lastHash.startsWith(hash) && alert.state === event.state) return { _tag: "Duplicate", alert }

  if (alert.state === "raised") {
    if (event.state === "raised") return { _tag: "Updated", alert: updatedAlert(alert, event), clearTimeStated: false }
    // An id that is never reused names one problem: its clear ends it, whatever the two times are.
    if (event.reusesId && isOfEarlierEpisode(alert, event)) return { _tag: "Late", alert }
    return {
      _tag: "Cleared",
      alert: clearedAlert(alert, event, now),
      clearTimeStated: event.clearedAt !== undefined
    }
  }
  return event.reusesId && (isLater(episode, event) || isBack(alert, event))
    ? open(alert.episode + 1)
    : { _tag: "Late", alert }
}

/** How far the clocks of one source may differ, in seconds: raises and clears may come from different machines. */
const clockTolerance = 60

const withinTolerance = (at: DateTime.Utc, of: DateTime.Utc): boolean =>
  DateTime.isGreaterThanOrEqualTo(at, DateTime.subtract(of, { seconds: clockTolerance }))

/** Whether a clear is about an earlier episode (I3). A clear with the open episode's start may come from a slow clock. */
const isOfEarlierEpisode = ({ startedAt }: Alert, event: AlertEvent): boolean => {
  if (event.clearedAt === undefined || DateTime.isGreaterThanOrEqualTo(event.clearedAt, startedAt)) return false
  return !DateTime.Equivalence(event.startedAt, startedAt) || !withinTolerance(event.clearedAt, startedAt)
}

/** Whether a raise after a clear is about a problem after the cleared episode (I3). */
const isLater = ({ alert, clearTimeStated }: Episode, event: AlertEvent): boolean => {
  // Without the time of the clear there is no clock to compare: only the same start identifies the episode.
  if (!clearTimeStated) return !DateTime.Equivalence(event.startedAt, alert.startedAt)
  return (
    DateTime.isGreaterThan(event.startedAt, alert.startedAt) &&
    (alert.clearedAt === undefined || withinTolerance(event.startedAt, alert.clearedAt))
  )
}

/** Whether a source repeats an alert again that expired because it did not: the problem never ended (I10). */
const isBack = (alert: Alert, event: AlertEvent): boolean =>
  event.state === "raised" && event.expiresAt !== undefined && alert.clearedBecause === "expired"

const raisedAlert = (event: AlertEvent, id: AlertId, episode: number): Alert => {
  const { clearedAt: _, clearedBecause: __, eventId: ___, reusesId: ____, expiresAt: _____, ...known } = event
  return { ...known, id, episode, state: "raised" }
}

/** Applies a raise: the latest event wins, but the earliest start and its link stay (I3, I6). */
const updatedAlert = (alert: Alert, event: AlertEvent): Alert => {
  const updated = raisedAlert(event, alert.id, alert.episode)
  if (DateTime.isLessThan(event.startedAt, alert.startedAt)) return updated
  return {
    ...updated,
    startedAt: alert.startedAt,
    links: { ...updated.links, ...(alert.links.started && { started: alert.links.started }) }
  }
}

/** Applies a clear: ends the alert and adds the values measured at the end. The description from the raise stays. */
const clearedAlert = (alert: Alert, event: AlertEvent, now: DateTime.Utc): Alert => {
  const atStart = new Map(alert.observations.map((observation) => [observation.name, observation]))
  const ended = event.observations.map((observation) => ({ ...atStart.get(observation.name), ...observation }))
  return {
    ...alert,
    state: "cleared",
    clearedAt: event.clearedAt ?? now,
    clearedBecause: event.clearedBecause ?? "conditionsNoLongerMet",
    ...(ended.length > 0 && { observations: ended, observationsOmitted: event.observationsOmitted }),
    links: { ...event.links, ...alert.links, ...(event.links.cleared && { cleared: event.links.cleared }) }
  }
}

/** Whether `severity` is more severe than `than`; true if nothing was sent yet. */
export const isMoreSevere = (severity: Alert["severity"], than: Alert["severity"] | undefined): boolean =>
  than === undefined || severityRank(severity) > severityRank(than)

/** Whether an event raised the alert for the first time, so that nothing was ever sent about it. */
export const isFirstRaise = ({ episode, state }: Alert, before: Alert | undefined): boolean =>
  before === undefined && episode === 1 && state === "raised"
