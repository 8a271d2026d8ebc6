/**
 * Claiming: selects the deliveries to send now, and marks them as `sending` (cases D1, O3, O7).
 */
import { IntegrationId } from "@tocsin/core"
import { Clock, Effect } from "effect"
import type { SqlError } from "effect/sql"
import type { ClaimedDelivery, Lease } from "../domain/attempt.ts"
import { testDeadline } from "../domain/failurePolicy.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { isInFlight, type Row } from "../records/deliveryRow.ts"
import { type Subject, subjects } from "../records/subjects.ts"

/** A delivery that may be sent now, with its subject. */
export interface Candidate {
  readonly row: Row
  readonly lease: Lease
  /** A notice is stored; every other message is composed from its alert. */
  readonly about: { readonly stored: string } | Subject
  /** The pending deliveries about earlier episodes that the message includes (O7). */
  readonly earlier: ReadonlyArray<{ readonly row: Row; readonly subject: Subject | undefined }>
}

/** Selects deliveries, and marks them as `sending`. Both run inside one transaction of `GroupCommit`. */
export const claiming = Effect.gen(function* () {
  const deliveries = yield* Deliveries
  const subjectsOf = yield* subjects

  /** Returns those of the deliveries that may be sent now. Integrations without a lease belong to other gateways. */
  const select = Effect.fnUntraced(function* (
    ids: ReadonlyArray<string>,
    leases: ReadonlyMap<IntegrationId, Lease>
  ): Effect.fn.Return<ReadonlyArray<Candidate>, SqlError.SqlError> {
    const now = yield* Clock.currentTimeMillis
    const rows = yield* deliveries.byIds(ids)
    const waiting = [...new Set(ids)].flatMap((id) => {
      const row = rows.get(id)
      const lease = row && leases.get(IntegrationId.make(row.integration_id))
      const isWaiting = row?.status === "pending" || row?.status === "retrying"
      return row === undefined || lease === undefined || !isWaiting ? [] : [{ row, lease }]
    })
    /** Whether a test send is too old: its caller no longer waits (D6). */
    const isExpired = ({ row }: { readonly row: Row }) => row.kind === "Test" && row.created_at + testDeadline <= now
    const expired = waiting.filter(isExpired)
    yield* deliveries.transition(
      expired.map(({ row }) => ({ delivery: row.id, status: "superseded", cause: "expired" }))
    )
    const ofAlerts = waiting.filter(({ row }) => row.notification === null)
    const episodes = yield* deliveries.openOfEpisodes(ofAlerts.map(({ row }) => row))
    const chosen = ofAlerts.flatMap(({ lease, row }) => {
      const open = episodes.get(row.id) ?? []
      // Nothing overtakes a message about the same alert that is being sent.
      if (open.some(isInFlight)) return []
      const latest = open.at(-1)
      // The message is about the latest episode; an escalation is about one whose raise was sent.
      return latest === undefined || latest.kind === "Escalated"
        ? [{ row, lease, earlier: [] }]
        : [{ row: latest, lease, earlier: open.slice(0, -1) }]
    })
    const about = yield* subjectsOf(chosen.flatMap(({ earlier, row }) => [row, ...earlier]))
    const composed = yield* Effect.forEach(chosen, ({ earlier, lease, row }) => {
      const subject = about.get(row.id)
      return subject === undefined
        ? Effect.die(new Error("A delivery without its alert"))
        : Effect.succeed({
            row,
            lease,
            about: subject,
            earlier: earlier.map((row) => ({ row, subject: about.get(row.id) }))
          })
    })
    const stored = waiting.flatMap(({ lease, row }) =>
      row.notification === null || isExpired({ row })
        ? []
        : [{ row, lease, about: { stored: row.notification }, earlier: [] }]
    )
    return [...stored, ...composed]
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

  return { select, markSending }
})
