/**
 * Decides the consequences of a failed attempt for its delivery and its lane (cases D2, D3, D5 and D6). Pure; times are
 * epoch milliseconds.
 */
import type { ChannelPlugin, DeliveryOptions, PartialDelivery } from "@tocsin/core"
import { type ClaimedDelivery, type Failed, isNewDigest, reachedSome } from "./attempt.ts"
import * as Health from "./circuitBreaker.ts"
import type { FailureReason } from "./failureReason.ts"
import { consequence, deadline, maxBackoff, pauseFor } from "./retryPolicy.ts"

/** A lane's findings about its service since it started, or since the integration was edited. */
export interface Findings {
  readonly health: Health.Health
  readonly digest: DigestForm
}

/** The size and the form of digests: at most `most` deliveries. */
export interface DigestForm {
  readonly most: number
  readonly form: ChannelPlugin.Form
}

/**
 * The form of a digest before one was refused. A digest of more than 500 would keep other writes waiting for too long.
 */
export const usualDigest: DigestForm = { most: 500, form: "rich" }

/** The findings of a new lane. */
export const noFindings: Findings = { health: Health.healthy, digest: usualDigest }

/** How long a test send is attempted, in milliseconds (D6). */
export const testDeadline = 300_000

/** How long a reply to a digest may wait, in milliseconds: after that the digest is no longer read. */
export const replyDeadline = 3_600_000

/** An attempt that failed. */
export interface FailedAttempt {
  readonly claimed: ClaimedDelivery
  readonly reason: FailureReason
  readonly partial?: PartialDelivery
  readonly options: DeliveryOptions
  readonly startedAt: number
  readonly now: number
  /** From 0 to 1. */
  readonly jitter: number
}

/** Classifies an attempt from before an edit: it affects the delivery only, not the integration's health. */
export const classifyStale = ({
  claimed,
  jitter,
  now,
  options,
  partial,
  reason,
  startedAt
}: FailedAttempt): Failed => ({
  _tag: "Failed",
  reason,
  ...(partial && { partial }),
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

/**
 * Classifies an attempt that did not begin, or was cut short by a stop: it is repeated at once, even past its deadline
 * (D2).
 */
export const classifyUnfinished = (attempt: FailedAttempt): Failed => ({
  ...classifyStale(attempt),
  consequence: { status: "retrying", nextAt: attempt.now, form: attempt.claimed.options.form },
  overBefore: -Infinity
})

/** A test send is retried in plain form, and after a pause that the service asks for; it does not affect the lane. */
export const classifyTest = (attempt: FailedAttempt): Failed => {
  const { claimed, now, options, reason } = attempt
  const { form } = claimed.options
  const retryAt =
    reason._tag === "RateLimited"
      ? now + pauseFor(reason, { inARow: claimed.attempt, jitter: 0, maxBackoff: maxBackoff(options) })
      : mayPlain(reason) && form === "rich"
        ? now
        : Infinity
  return {
    ...classifyStale(attempt),
    consequence:
      retryAt > claimed.createdAt + testDeadline
        ? { status: "dead" }
        : { status: "retrying", nextAt: retryAt, form: mayPlain(reason) ? "plain" : form }
  }
}

/**
 * A reply to a digest is retried only if the service certainly does not have it (D5). It does not affect the lane.
 */
export const classifyReply = (attempt: FailedAttempt): Failed => {
  const { reason } = attempt
  const isUntaken = reason._tag === "RateLimited" || (reason._tag === "Unavailable" && reason.unanswered !== true)
  const outcome = classifyStale(attempt)
  return isUntaken ? outcome : { ...outcome, consequence: { status: "dead" } }
}

/** Classifies a failed attempt: the consequence for the delivery, and the lane's findings. */
export const classify = (
  attempt: FailedAttempt,
  { digest, health }: Findings
): { readonly outcome: Failed; readonly findings: Findings } => {
  const { claimed, jitter, now, options, partial, reason, startedAt } = attempt
  const outcome = classifyStale(attempt)
  const isRefusedInPlain = mayPlain(reason) && claimed.options.form === "plain"
  const isDigest = isNewDigest(claimed) && !reachedSome(attempt)
  // A digest that is refused may be too long, and is halved first.
  const isRefused = isRefusedInPlain && !isDigest
  const failure = {
    delivery: claimed.id,
    reason,
    isRefused,
    isPartial: partial !== undefined && !isDigest,
    startedAt,
    now,
    jitter,
    maxBackoff: maxBackoff(options)
  }
  const after = Health.afterFailure(health, failure)
  const begun = after.blocked === health.blocked ? undefined : after.blocked
  const { consequence: follows } = outcome
  return {
    outcome: {
      ...outcome,
      // Due as soon as its lane resumes, so that it keeps its position.
      ...(reason._tag === "RateLimited" &&
        follows.status === "retrying" &&
        after.blocked !== undefined && { consequence: { ...follows, nextAt: after.blocked.until } }),
      breaks: begun?.why === "broken",
      ...(begun !== undefined && begun.why !== "broken" && { waiting: { because: begun.why, until: begun.until } }),
      requeued: Health.requeued(health, after, failure)
    },
    findings: {
      health: after,
      digest: isDigest && mayPlain(reason) ? afterRefusal(digest, claimed.included.length, isRefusedInPlain) : digest
    }
  }
}

/** The next digest is sent in plain form; if that was refused too, it includes half as many (D5). */
const afterRefusal = ({ most }: DigestForm, size: number, isRefusedInPlain: boolean): DigestForm =>
  isRefusedInPlain ? { most: Math.max(1, Math.floor(size / 2)), form: "rich" } : { most, form: "plain" }

/** Whether the plain form may succeed where the rich one failed. */
const mayPlain = ({ _tag }: FailureReason): boolean => _tag === "PayloadRejected" || _tag === "PluginFailed"
