import type { TimelineRow } from "../../data/queries.ts"
import { Icon, type IconName } from "../../parts/Icon.tsx"
import { Skeleton } from "../../parts/Page.tsx"
import { duration } from "../../parts/times.ts"
import { When } from "../../parts/When.tsx"

const icons: { readonly [K in TimelineRow["kind"]]: IconName } = {
  received: "receive",
  planned: "clock",
  attempt: "send",
  coalesced: "stack",
  delivered: "check",
  dead: "cross",
  superseded: "dash",
  diverted: "right",
  requeued: "retry",
  ruleEdited: "rules",
  paused: "pause",
  resumed: "play"
}

interface Props {
  readonly items: ReadonlyArray<TimelineRow> | undefined
  readonly names: ReadonlyMap<string, { readonly name: string }>
}

/** The timeline, oldest first; it grows live. */
export const Timeline = ({ items, names }: Props) => {
  if (items === undefined) return <Skeleton rows={5} height="1.5rem" />
  return (
    <ol className="timeline" aria-label="Timeline">
      {items.map(({ at, attempt, by, integration, kind, text }, index) => (
        <li key={`${at.epochMilliseconds} ${index}`} className={kind}>
          <span className="timeline-icon">
            <Icon name={icons[kind]} />
          </span>
          <span className="timeline-at quiet">
            <When at={at} />
          </span>
          <span className="foreign">
            {text}
            {integration !== undefined && (
              <span className="quiet"> · {names.get(integration)?.name ?? integration}</span>
            )}
            {attempt?.milliseconds !== undefined && (
              <span className="quiet"> · took {duration(attempt.milliseconds)}</span>
            )}
            {by !== undefined && <span className="quiet"> · by {by}</span>}
          </span>
        </li>
      ))}
    </ol>
  )
}
