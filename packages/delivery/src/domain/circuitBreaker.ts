/**
 * The health of a lane's service, and when the lane may send again (case D3). Pure; times are epoch milliseconds.
 */
import type { FailureReason } from "./failureReason.ts"
import { backoff, brokenPause, pauseFor } from "./retryPolicy.ts"

/** Why a lane is blocked: the service asked for a pause, cannot be reached, or a person must fix something. */
export type BlockReason = "limited" | "unavailable" | "broken"

/** The health of a lane's service. */
export interface Health {
  /** Nothing is sent before `until`; blocked since `since`. */
  readonly blocked: { readonly why: BlockReason; readonly since: number; readonly until: number } | undefined
  /** The number of `Unavailable` failures in a row, and the time of the first. */
  readonly failures: number
  readonly unavailableSince: number | undefined
  /** The number of rate-limit answers in a row, and the time of the first. */
  readonly limits: number
  readonly limitedSince: number | undefined
  /** If true, only one attempt at a time is made, as a probe, until one succeeds. */
  readonly isProbing: boolean
  /** The deliveries in a row that were refused in plain form, too. */
  readonly rejected: ReadonlyArray<string>
  /** The deliveries in a row for which the plugin threw in plain form, too. */
  readonly pluginFailed: ReadonlyArray<string>
}

/** The health of a service without failures. */
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

/** The number of failures in a row that opens the circuit. */
const circuitOpensAt = 5

/**
 * The number of refused deliveries in a row that breaks the integration: the service, or a proxy, is at fault, not the
 * messages.
 */
const refusalsThatBreak = 5

/** The number of deliveries in a row with a bug of the plugin that breaks the integration. */
const pluginFailuresThatBreak = 3

/** The parts of a failed attempt that decide the lane's health. */
export interface Failure {
  readonly delivery: string
  readonly reason: FailureReason
  /** The plain form was refused, too, or the plugin threw for it, too. A digest is halved first. */
  readonly isRefused: boolean
  /** Some recipients have the message, so that the service works. */
  readonly isPartial?: boolean
  readonly startedAt: number
  readonly now: number
  /** From 0 to 1. */
  readonly jitter: number
  /** In milliseconds. */
  readonly maxBackoff: number
}

/** Computes the health of a lane after a failed attempt. */
export const afterFailure = (health: Health, failure: Failure): Health => {
  const { delivery, isPartial = false, isRefused, jitter, maxBackoff, now, reason, startedAt } = failure
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
      if (isPartial) return { ...health, ...reachable }
      // An attempt that was in flight when the circuit opened is not a probe: 64 failures at once would extend the
      // pause to five minutes.
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

/** Computes the health of a lane after a success. A pause that the service asked for meanwhile stays. */
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

/**
 * Whether the plugin's bugs broke the integration. Only a delivery can show that it works again, because `verify` sends
 * nothing.
 */
export const isPluginFailing = ({ pluginFailed }: Health): boolean => pluginFailed.length >= pluginFailuresThatBreak

/**
 * When pending deliveries begin to go to the fallback, in epoch milliseconds; `after` is in seconds. A service that
 * only returns rate-limit answers counts as unavailable.
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
      // Not blocked: counts from the first failure, if there is one.
      return failingSince + after * 1000
  }
}

/** The health as of `now`: a clock that was set back must not make a pause longer. */
export const at = (health: Health, now: number): Health => {
  const { blocked } = health
  if (blocked === undefined || blocked.since <= now) return health
  const { since, until, why } = blocked
  return { ...health, blocked: { why, since: now, until: until - since + now } }
}

const reachable = { failures: 0, unavailableSince: undefined, limits: 0, limitedSince: undefined }

/** The later end of two pauses, because several attempts may be in flight. */
const later = ({ blocked }: Health, other: NonNullable<Health["blocked"]>): Health["blocked"] =>
  blocked !== undefined && blocked.until > other.until ? blocked : other
