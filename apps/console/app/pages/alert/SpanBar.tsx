import type { AlertInFull, TimelineRow } from "../../data/queries.ts"
import { shortTime } from "../../parts/times.ts"
import { zone } from "../../data/preferences.ts"

interface Props {
  readonly alert: AlertInFull
  readonly timeline: ReadonlyArray<TimelineRow>
  readonly now: number
}

const marked = new Set<TimelineRow["kind"]>(["delivered", "dead", "attempt"])

/**
 * A bar from the raise to the clear, or to now, with a mark for each sent message; the timeline has the same in words.
 */
export const SpanBar = ({ alert: { clearedAt, severity, startedAt, state }, now, timeline }: Props) => {
  const shown = zone.use()
  const raised = startedAt.epochMilliseconds
  const cleared = clearedAt?.epochMilliseconds
  const events = timeline
    .filter(({ kind }) => marked.has(kind))
    .map(({ at, kind }) => ({ at: at.epochMilliseconds, kind }))
  const from = Math.min(raised, ...events.map(({ at }) => at))
  const last = Math.max(raised, cleared ?? now, ...events.map(({ at }) => at))
  const to = from + Math.max(1000, (last - from) * 1.02)
  const x = (at: number) => ((at - from) / (to - from)) * 100
  return (
    <div className="span-bar" aria-hidden="true">
      <svg viewBox="0 0 100 22" preserveAspectRatio="none" className={state === "raised" ? severity : "over"}>
        <rect className="span-base" x={0} y={10} width={100} height={2} />
        <rect
          className="span-body"
          x={x(raised)}
          y={8}
          width={Math.max(0.4, x(cleared ?? now) - x(raised))}
          height={6}
        />
        {events.map(({ at, kind }, index) => (
          <line
            key={index}
            className={`span-mark ${kind}`}
            x1={x(at)}
            x2={x(at)}
            y1={kind === "attempt" ? 6 : 2}
            y2={kind === "attempt" ? 16 : 20}
          />
        ))}
      </svg>
      <div className="span-ends numbers">
        <span>{shortTime(raised, shown)}</span>
        <span>{cleared === undefined ? "now" : shortTime(cleared, shown)}</span>
      </div>
    </div>
  )
}
