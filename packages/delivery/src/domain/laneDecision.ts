/**
 * Decides the next action of a lane. Pure; times are epoch milliseconds.
 */
import type { DueDelivery } from "./attempt.ts"
import * as Health from "./circuitBreaker.ts"

/** The most attempts of a lane in flight (D1). */
export const maxInFlight = 64

/** An idle lane polls this often, in milliseconds, in case a signal was lost. */
export const pollInterval = 60_000

/** How long to wait, in milliseconds, while it is not certain that this gateway owns the lane (M2). */
const uncertainPause = 250

/** The facts that a lane has before it reads its backlog. */
export interface LaneFacts {
  readonly now: number
  /** Whether this gateway owns the lane, confirmed within the last two seconds (M2). */
  readonly isOwned: boolean
  /** `unknown`: its settings were not read yet, or cannot be used. */
  readonly integration: "enabled" | "disabled" | "unknown"
  /** The health of the service, as it is `now`. */
  readonly health: Health.Health
  /** Whether the plugin can verify the settings without posting a message. */
  readonly canVerify: boolean
  readonly inFlight: number
  /** After how many seconds pending deliveries go to the fallback. */
  readonly fallbackAfter: number
}

/** The pending deliveries of the integration, and how many of them the rate limit allows now. */
export interface BacklogFacts {
  /** Deliveries that may be claimed, in their order: test sends first. If `freeSlots` is 0, only test sends count. */
  readonly due: ReadonlyArray<DueDelivery>
  /** When the next one is due, if none but a reply to a digest is now. */
  readonly dueAt?: number | undefined
  /** More deliveries are pending than the rate limit allows in a minute (D5). */
  readonly isStorm: boolean
  /** The first critical raise that goes before any digest. */
  readonly critical?: DueDelivery | undefined
  /** How many milliseconds until the rate limit allows a message, and how many it allows now. */
  readonly rateLimit: { readonly wait: number; readonly available: number }
}

/** The next action of a lane. */
export type Decision =
  /** Waits until then, or until it is woken. `diverts`: pending deliveries go to the fallback first. */
  | { readonly _tag: "Wait"; readonly until: number; readonly diverts: boolean }
  /** Verifies a broken integration before anything is sent. */
  | { readonly _tag: "Probe" }
  /** Sends these deliveries, one message each. */
  | { readonly _tag: "Claim"; readonly deliveries: ReadonlyArray<DueDelivery> }
  /** Sends a digest of the backlog; if it is too small for one, these deliveries. */
  | { readonly _tag: "Digest"; readonly otherwise: ReadonlyArray<DueDelivery> }

/** How many attempts may begin now, besides test sends. */
export const freeSlots = (facts: LaneFacts): number => {
  const { canVerify, health, inFlight, integration, isOwned, now } = facts
  const { blocked, isProbing } = health
  const isBlocked = blocked !== undefined && (blocked.until > now || (blocked.why === "broken" && canVerify))
  if (!isOwned || integration !== "enabled" || isBlocked) return 0
  return Math.max(0, (isProbing ? 1 : maxInFlight) - inFlight)
}

/** Decides the next action of a lane. */
export const decide = (facts: LaneFacts, backlog: BacklogFacts): Decision => {
  const { canVerify, health, integration, isOwned, now } = facts
  const { blocked } = health
  const { critical, due, dueAt = Infinity, isStorm, rateLimit } = backlog
  const idle = wait(Math.min(dueAt, now + pollInterval))

  if (!isOwned) return wait(now + uncertainPause)
  const tests = integration === "unknown" ? [] : due.filter(({ isTest }) => isTest)
  if (tests.length > 0) return rateLimit.wait > 0 ? wait(now + rateLimit.wait) : claim(tests, rateLimit.available)
  if (blocked !== undefined && blocked.until > now) {
    const until = Math.min(dueAt, blocked.until)
    return integration === "disabled" ? wait(until) : waitOrDivert(facts, until)
  }
  if (integration !== "enabled") return idle
  if (blocked?.why === "broken" && canVerify) return { _tag: "Probe" }
  if (freeSlots(facts) === 0) return idle
  if (due.length === 0) return waitOrDivert(facts, Math.min(dueAt, now + pollInterval))
  if (rateLimit.wait > 0) return wait(Math.min(dueAt, now + rateLimit.wait))
  if (critical !== undefined) return claim([critical], 1)
  if (isStorm) return { _tag: "Digest", otherwise: due.slice(0, rateLimit.available) }
  return claim(due, rateLimit.available)
}

const wait = (until: number): Decision => ({ _tag: "Wait", until, diverts: false })

const claim = (deliveries: ReadonlyArray<DueDelivery>, available: number): Decision => ({
  _tag: "Claim",
  deliveries: deliveries.slice(0, available)
})

/** Waits until then, or until pending deliveries go to the fallback (D4). */
const waitOrDivert = ({ fallbackAfter, health, now }: LaneFacts, until: number): Decision => {
  const divertsAt = Health.divertsAt(health, fallbackAfter)
  return { _tag: "Wait", until: divertsAt > now ? Math.min(until, divertsAt) : until, diverts: divertsAt <= now }
}
