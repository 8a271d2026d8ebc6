/**
 * What a failed attempt means for its delivery and for its lane (cases D2, D3 and D5). Pure; times are epoch
 * milliseconds.
 */
import type { ChannelPlugin, DeliveryOptions, Reason } from "@tocsin/core"
import * as Health from "./circuitBreaker.ts"
import { consequence, deadline, maxBackoff } from "./retryPolicy.ts"
import type { Outcome, ClaimedDelivery } from "./attempt.ts"

/** What a lane has found out of its service since it was started or edited. */
export interface Learnt {
  readonly health: Health.Health
  readonly digest: DigestForm
}

/** A digest covers at most `most` deliveries, and is said in this form. */
export interface DigestForm {
  readonly most: number
  readonly form: ChannelPlugin.Form
}

/** A digest as it is before one was refused: the rows of more than 500 would hold up others for too long. */
export const usualDigest: DigestForm = { most: 500, form: "rich" }

/** Nothing was found out. */
export const nothingLearnt: Learnt = { health: Health.healthy, digest: usualDigest }

/** An attempt that failed. */
export interface FailedAttempt {
  readonly claimed: ClaimedDelivery
  readonly reason: Reason
  readonly options: DeliveryOptions
  readonly startedAt: number
  readonly now: number
  /** From 0 to 1. */
  readonly jitter: number
}

type FailedOutcome = Extract<Outcome, { readonly _tag: "Failed" }>

/** What becomes of the delivery, and nothing else. */
export const outcomeOf = ({ jitter, now, options, reason, startedAt, claimed }: FailedAttempt): FailedOutcome => ({
  _tag: "Failed",
  reason,
  consequence: consequence({
    reason,
    options,
    now,
    startedAt,
    attempts: claimed.attempt,
    createdAt: claimed.createdAt,
    form: claimed.options.form,
    jitter
  }),
  breaks: false,
  requeued: [],
  overBefore: startedAt - deadline(options)
})

/** What was not tried, or was not left its time, is owed as it was before, also past its deadline (D2). */
export const requeuedByStop = (attempt: FailedAttempt): FailedOutcome => ({
  ...outcomeOf(attempt),
  consequence: { status: "retrying", nextAt: attempt.now, form: attempt.claimed.options.form },
  overBefore: -Infinity
})

/** What becomes of the delivery, with what it means for the lane. */
export const judge = (
  attempt: FailedAttempt,
  { digest, health }: Learnt
): { readonly outcome: FailedOutcome; readonly learnt: Learnt } => {
  const { jitter, now, options, reason, startedAt, claimed } = attempt
  const outcome = outcomeOf(attempt)
  const isDead = reason._tag === "PayloadRejected" && outcome.consequence.status === "dead"
  const isDigest = claimed.notification._tag === "Digest"
  // A digest that is refused may be too long, and is halved first.
  const isRefused = isDead && !isDigest
  const failure = { delivery: claimed.id, reason, isRefused, startedAt, now, jitter, maxBackoff: maxBackoff(options) }
  const after = Health.afterFailure(health, failure)
  const begun = after.blocked === health.blocked ? undefined : after.blocked
  return {
    outcome: {
      ...outcome,
      breaks: begun?.why === "broken",
      ...(begun !== undefined && begun.why !== "broken" && { waiting: { because: begun.why, until: begun.until } }),
      requeued: Health.requeued(health, after, failure)
    },
    learnt: {
      health: after,
      digest:
        isDigest && reason._tag === "PayloadRejected" ? afterRefusal(digest, claimed.included.length, isDead) : digest
    }
  }
}

/** The next one is said in plain words; and if that was refused too, it holds half (D5). */
const afterRefusal = ({ most }: DigestForm, size: number, isDead: boolean): DigestForm =>
  isDead ? { most: Math.max(1, Math.floor(size / 2)), form: "rich" } : { most, form: "plain" }
