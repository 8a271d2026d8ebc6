import type { AlertInFull, TimelineRow } from "../../data/queries.ts"

const kinds: { readonly [status: string]: TimelineRow["kind"] } = {
  pending: "planned",
  retrying: "requeued",
  sending: "attempt",
  folded: "coalesced",
  delivered: "delivered",
  dead: "dead",
  superseded: "superseded",
  diverted: "diverted"
}

/** What the alert's own deliveries tell of its history, for a gateway that answers no timeline. */
export const ownTimeline = ({ deliveries, notes, startedAt }: AlertInFull): ReadonlyArray<TimelineRow> =>
  [
    { at: startedAt, kind: "received" as const, text: "The source raised it" },
    ...notes.map(({ at, note }) => ({ at, kind: "received" as const, text: note })),
    ...deliveries.flatMap(({ id, integration, kind, transitions }) =>
      transitions.map(({ at, attempt, cause, status }) => ({
        at,
        kind: kinds[status] ?? "planned",
        text: `${kind} ${status}${cause === undefined ? "" : `: ${cause}`}`,
        integration,
        delivery: id,
        ...(attempt !== undefined && { attempt: { number: attempt } })
      }))
    )
  ].toSorted((a, b) => a.at.epochMilliseconds - b.at.epochMilliseconds)
