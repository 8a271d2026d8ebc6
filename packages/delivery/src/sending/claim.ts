/**
 * Claiming: selects the deliveries to send now, and marks them as `sending` (cases D1, O3, O7).
 */
import { IntegrationId, type Kind } from "@tocsin/core"
import { Clock, Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { ClaimedDelivery, Lease } from "../domain/attempt.ts"
import type { StoredConversation } from "../domain/conversation.ts"
import { replyDeadline, testDeadline } from "../domain/failurePolicy.ts"
import { AcceptedRaises } from "../records/AcceptedRaises.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { type ClaimedRow, isInFlight, type Row } from "../records/deliveryRow.ts"
import { type AboutAlert, claimable } from "../records/claimable.ts"
import type { Subject } from "../records/subjects.ts"
import { type ComposedDigest, digestComposing } from "./claimDigest.ts"
import { composeFirst } from "./compose.ts"

/** A delivery that may be sent now, with its subject. */
export interface Candidate {
  readonly row: ClaimedRow
  readonly lease: Lease
  /** A notice is stored; every other message is composed from its alert, or its alerts. */
  readonly about: { readonly stored: string } | ComposedDigest | Subject
  /** The pending deliveries about earlier episodes that the message includes (O7). */
  readonly earlier: ReadonlyArray<AboutAlert>
}

/** Selects deliveries, and marks them as `sending`. All of it runs inside one transaction of `GroupCommit`. */
export const claiming = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const accepted = yield* AcceptedRaises
  const deliveries = yield* Deliveries
  const claimableOf = yield* claimable
  const composeDigest = yield* digestComposing

  /**
   * Returns those of the deliveries that may be sent now. Integrations without a lease belong to other gateways. `replyTexts`
   * has the longest plain text of a reply of each integration that has threads.
   */
  const select = Effect.fnUntraced(function* (
    ids: ReadonlyArray<string>,
    leases: ReadonlyMap<IntegrationId, Lease>,
    replyTexts: ReadonlyMap<string, number | undefined>
  ): Effect.fn.Return<ReadonlyArray<Candidate>, SqlError.SqlError> {
    const now = yield* Clock.currentTimeMillis
    const leaseOf = ({ integration_id, status }: ClaimedRow) =>
      status === "pending" || status === "retrying" ? leases.get(IntegrationId.make(integration_id)) : undefined
    const ofAlerts = yield* claimableOf(ids)
    const composed = [...new Set(ids)].flatMap((id): ReadonlyArray<Candidate> => {
      const open = ofAlerts.get(id) ?? []
      const own = open.find(({ row }) => row.id === id)
      const lease = own && leaseOf(own.row)
      // Nothing overtakes a message about the same alert that is being sent.
      if (own === undefined || lease === undefined || open.some(({ row }) => isInFlight(row))) return []
      const latest = open.at(-1) ?? own
      // The message is about the latest episode; an escalation is about one whose raise was sent.
      const { row, subject } = latest.row.kind === "Escalated" ? own : latest
      return [{ row, lease, about: subject, earlier: latest.row.kind === "Escalated" ? [] : open.slice(0, -1) }]
    })
    const others = [...new Set(ids)].filter((id) => !ofAlerts.has(id))
    const rows = yield* deliveries.byIds(others)
    const waiting = others.flatMap((id) => {
      const row = rows.get(id)
      const lease = row && leaseOf(row)
      return row === undefined || lease === undefined ? [] : [{ row, lease }]
    })
    if (waiting.some(({ row }) => row.alert_id !== null))
      return yield* Effect.die(new Error("A delivery without its alert"))
    const isExpired = ({ row }: { readonly row: Row }) => row.created_at + (lifetimes[row.kind] ?? Infinity) <= now
    const expired = waiting.filter(isExpired)
    yield* deliveries.transition(
      expired.map(({ row }) => ({ delivery: row.id, status: "superseded", cause: "expired" }))
    )
    const stored = waiting.flatMap(({ lease, row }) =>
      row.notification === null || isExpired({ row })
        ? []
        : [{ row, lease, about: { stored: row.notification }, earlier: [] }]
    )
    const digests = yield* Effect.forEach(
      waiting.filter(({ row }) => row.kind === "Digest"),
      Effect.fnUntraced(function* ({ lease, row }) {
        const isRead = row.created_at + replyDeadline > now
        const about = yield* composeAgain(row, isRead ? replyTexts.get(row.integration_id) : undefined)
        return { row, lease, about, earlier: [] }
      })
    )
    return [...stored, ...digests, ...composed]
  })

  /** Composes a digest again, for the recipients who do not have it: some of its alerts may have cleared. */
  const composeAgain = Effect.fnUntraced(function* ({ digest_key, id }: Row, replyText: number | undefined) {
    const included = yield* sql<Row>`SELECT * FROM deliveries WHERE folded_into = ${id} ORDER BY sequence`
    return yield* composeDigest(included, { key: digest_key ?? "", kindOf: kindNow, replyText })
  })

  /** Claims those first raises that this gateway accepted, and that are unchanged, without reading them. */
  const claimAccepted = Effect.fnUntraced(function* (
    ids: ReadonlyArray<string>,
    leases: ReadonlyMap<IntegrationId, Lease>
  ): Effect.fn.Return<ReadonlyArray<ClaimedDelivery>, SqlError.SqlError> {
    const raises = accepted.take(ids).flatMap((raise) => {
      const lease = leases.get(raise.opening.conversation.integration)
      return lease === undefined ? [] : [{ ...raise, lease }]
    })
    const unchanged = yield* deliveries.claimUnchanged(
      raises.map(({ delivery, lease, opening }) => ({
        id: delivery,
        partition: lease.partition,
        hash: opening.text.hash
      }))
    )
    return raises.flatMap(({ createdAt, delivery, lease, opening }) =>
      unchanged.has(delivery) ? [composeFirst(delivery, opening, { createdAt, lease })] : []
    )
  })

  const markSending = (claimed: ReadonlyArray<ClaimedDelivery>) =>
    deliveries.transition([
      ...claimed.map(({ attempt, id, lease, notification }) => ({
        delivery: id,
        status: "sending" as const,
        attempt,
        set: {
          kind: notification._tag,
          attempts: attempt,
          partition: lease.partition,
          ...("alert" in notification && { severity: notification.alert.severity })
        }
      })),
      ...claimed.flatMap(({ id, included, lease }) =>
        included.map(({ delivery, kind }) => ({
          delivery,
          status: "folded" as const,
          cause: `into ${id}`,
          set: { kind, foldedInto: id, partition: lease.partition }
        }))
      )
    ])

  return { claimAccepted, select, markSending }
})

/** The kind of a delivered notification in a message that is sent later. */
const kindNow = (kind: Kind, { state }: StoredConversation): Kind =>
  state === "open" ? "Raised" : kind === "RaisedAndCleared" ? kind : "Cleared"

/** How long a test send is attempted, whose caller then no longer waits (D6), and a reply to a digest (D5). */
const lifetimes: { readonly [kind: string]: number } = { Test: testDeadline, DigestList: replyDeadline }
