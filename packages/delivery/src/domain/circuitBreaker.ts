/**
 * What a lane knows of its service, and when it may try again (case D3). Pure; times are epoch milliseconds.
 */
import type { FailureReason } from "./failureReason.ts"
import { backoff, brokenPause, pauseFor } from "./retryPolicy.ts"

/** Why a lane stands still: the service asked for it, cannot be reached, or a person must mend something. */
export type BlockReason = "limited" | "unavailable" | "broken"

/** A lane's knowledge of its service. */
export interface Health {
  /** Nothing is sent before `until`; known since `since`. */
  readonly blocked: { readonly why: BlockReason; readonly since: number; readonly until: number } | undefined
  /** Attempts in a row that found the service unavailable, and the time of the first of them. */
  readonly failures: number
  readonly unavailableSince: number | undefined
  /** Rate-limit answers in a row, and the time of the first of them. */
  readonly limits: number
  readonly limitedSince: number | undefined
  /** Until something succeeds, one attempt at a time is a probe. */
  readonly isProbing: boolean
  /** The deliveries that were refused in plain form too, in a row. */
  readonly rejected: ReadonlyArray<string>
  /** The deliveries at which the plugin threw in plain form too, in a row. */
  readonly pluginFailed: ReadonlyArray<string>
}

/** Nothing is known against the service. */
export const healthy: Health = {
  blocked: undefined,
  failures: 0,
  unavailableSince: undefined,
  limits: 0,
  limitedSince: undefined,
  isProbing: false,
  rejected: [],
  pluginFailed: []
}

/** After so many failures in a row the circuit opens. */
const circuitOpensAt = 5

/** So many deliveries that are refused in a row say more of the service, or of a proxy, than of themselves. */
const refusalsThatBreak = 5

/** After so many deliveries in a row at which the plugin throws, the integration is broken. */
const pluginFailuresThatBreak = 3

/** A failed attempt, as far as the lane's health depends on it. */
export interface Failure {
  readonly delivery: string
  readonly reason: FailureReason
  /** It was refused in plain form too, or the plugin threw in plain form too. A digest is halved first. */
  readonly isRefused: boolean
  readonly startedAt: number
  readonly now: number
  /** From 0 to 1. */
  readonly jitter: number
  /** In milliseconds. */
  readonly maxBackoff: number
}

/** What a lane knows after a failed attempt. */
export const afterFailure = (health: Health, failure: Failure): Health => {
  const { delivery, isRefused, jitter, maxBackoff, now, reason, startedAt } = failure
  const stand = (why: BlockReason, pause: number) => ({ why, since: now, until: now + pause })
  switch (reason._tag) {
    case "RateLimited": {
      const { blocked } = health
      // Of 64 attempts in flight that are limited at once only the first lengthens the pause.
      const isKnown = blocked?.why === "limited" && startedAt <= blocked.since
      const limits = isKnown ? health.limits : health.limits + 1
      const pause = stand("limited", pauseFor(reason, { inARow: limits, jitter, maxBackoff }))
      const limitedSince = health.limitedSince ?? now
      return { ...health, ...reachable, limits, limitedSince, blocked: later(health, pause) }
    }
    case "Unavailable": {
      // What was in flight when the circuit opened is no probe: of 64 that fail at once the last would mean five minutes.
      const { blocked } = health
      if (blocked?.why === "unavailable" && startedAt <= blocked.since) return health
      const failures = health.failures + 1
      const known = { ...health, failures, unavailableSince: health.unavailableSince ?? now }
      if (failures < circuitOpensAt) return known
      const pause = backoff(failures - circuitOpensAt + 1, { jitter, maxBackoff })
      return { ...known, isProbing: true, blocked: later(health, stand("unavailable", pause)) }
    }
    case "MessageGone":
      return { ...health, ...reachable }
    case "PayloadRejected": {
      if (!isRefused) return { ...health, ...reachable }
      const rejected = [...health.rejected.filter((other) => other !== delivery), delivery]
      if (rejected.length < refusalsThatBreak) return { ...health, ...reachable, rejected }
      return { ...healthy, isProbing: true, blocked: stand("broken", brokenPause) }
    }
    case "PluginFailed": {
      if (!isRefused) return health
      const pluginFailed = [...health.pluginFailed.filter((other) => other !== delivery), delivery]
      if (pluginFailed.length < pluginFailuresThatBreak) return { ...health, pluginFailed }
      return {
        ...healthy,
        pluginFailed: pluginFailed.slice(-pluginFailuresThatBreak),
        isProbing: true,
        blocked: stand("broken", brokenPause)
      }
    }
    case "Unauthorized":
    case "DestinationGone":
    case "Misconfigured":
      return { ...healthy, isProbing: true, blocked: stand("broken", brokenPause) }
  }
}

/** A broken integration: nothing is sent until a person has fixed it. The lane probes it every five minutes. */
export const broken = (health: Health, now: number): Health => ({
  ...health,
  blocked: { why: "broken", since: now, until: now + brokenPause }
})

/** The health of a lane after a success. A pause that the service asked for meanwhile stays. */
export const afterSuccess = ({ blocked }: Health, now: number): Health =>
  blocked?.why === "limited" && blocked.until > now ? { ...healthy, blocked } : healthy

/** The dead deliveries to requeue: the last failure shows that the integration, not the message, was at fault. */
export const requeued = (
  before: Health,
  after: Health,
  { delivery, isRefused, reason }: Failure
): ReadonlyArray<string> =>
  isRefused && reason._tag === "PayloadRejected" && after.blocked !== before.blocked && after.blocked?.why === "broken"
    ? [...before.rejected, delivery]
    : []

/** Whether the plugin's bugs broke the integration. Only a delivery finds out whether it works again: `verify` sends nothing. */
export const isPluginFailing = ({ pluginFailed }: Health): boolean => pluginFailed.length >= pluginFailuresThatBreak

/**
 * When pending deliveries begin to go to the fallback, in epoch milliseconds; `after` is in seconds. A service that only
 * ever answers that it is limited fails as one that is unavailable does.
 */
export const divertsAt = ({ blocked, limitedSince, unavailableSince }: Health, after: number): number => {
  const failingSince = Math.min(unavailableSince ?? Infinity, limitedSince ?? Infinity)
  switch (blocked?.why) {
    case "broken":
      return blocked.since
    case "unavailable":
      return Math.min(failingSince, blocked.since) + after * 1000
    case "limited":
      return blocked.until - blocked.since > after * 1000 ? blocked.since : failingSince + after * 1000
    default:
      // So soon after its first failure, but the service may have asked for a long pause.
      return failingSince + after * 1000
  }
}

/** The same at another time: a clock that was set back must not make a standstill longer than it was. */
export const at = (health: Health, now: number): Health => {
  const { blocked } = health
  if (blocked === undefined || blocked.since <= now) return health
  const { since, until, why } = blocked
  return { ...health, blocked: { why, since: now, until: until - since + now } }
}

const reachable = { failures: 0, unavailableSince: undefined, limits: 0, limitedSince: undefined }

/** Of two standstills the one that lasts longer; several attempts may be in flight. */
const later = ({ blocked }: Health, other: NonNullable<Health["blocked"]>): Health["blocked"] =>
  blocked !== undefined && blocked.until > other.until ? blocked : other
