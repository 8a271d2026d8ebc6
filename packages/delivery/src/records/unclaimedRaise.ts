/**
 * A first raise that is claimed without being read: the update itself compares what was accepted.
 */
import { encodeStep, withStep } from "./deliveryHistory.ts"

/** A pending raise that no attempt was made for. */
export interface UnclaimedRaise {
  readonly id: string
  /** The partition under whose lease it is to be sent (M2). */
  readonly partition: number
  /** The hash of the event that created it. */
  readonly hash: string
}

/** The columns of `toRaiseRows`, with their types. */
export const raiseRow = { id: "text", taken_under: "bigint", hash: "text", updated_at: "bigint", step: "text" } as const

/** Converts raises to the rows that `isAsAccepted` compares. */
export const toRaiseRows = (raises: ReadonlyArray<UnclaimedRaise>, at: number) =>
  raises.map(({ hash, id, partition }) => ({
    id,
    taken_under: partition,
    hash,
    updated_at: at,
    step: encodeStep({ status: "sending", at, attempt: 1 })
  }))

/** Sets the columns for the first attempt. */
export const setToSending = `status = 'sending', cause = NULL, attempts = 1, taken_under = given.taken_under,
  updated_at = given.updated_at, history = ${withStep("deliveries.history", "given.step")}`

/**
 * The condition that a delivery, its alert and its conversation are as the event left them that created them. Each is looked
 * up for its delivery: joined, they would come first while PostgreSQL takes the tables for short.
 */
export const isAsAccepted = `deliveries.id = given.id
  AND deliveries.status || '' = 'pending' AND deliveries.kind = 'Raised' AND deliveries.attempts = 0
  AND (SELECT a.last_hash FROM alerts a
    WHERE a.id = deliveries.alert_id AND a.state || '' = 'raised' AND a.last_heard_at = a.created_at) = given.hash
  AND (SELECT c.state FROM conversations c
    WHERE c.alert_id = deliveries.alert_id AND c.integration_id || '' = deliveries.integration_id) = 'open'`
