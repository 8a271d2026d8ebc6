import { count } from "./times.ts"
import "./Sparkline.css"

interface Props {
  readonly label: string
  /** By the hour, the oldest first. */
  readonly delivered: ReadonlyArray<number>
  readonly failed: ReadonlyArray<number>
}

const hours = 24

/** Bars for each of the last 24 hours, with failures above deliveries. */
export const Sparkline = ({ delivered, failed, label }: Props) => {
  const most = Math.max(4, ...delivered.map((number, hour) => number + (failed[hour] ?? 0)))
  const sum = (numbers: ReadonlyArray<number>) => numbers.reduce((sum, number) => sum + number, 0)
  const dead = sum(failed)
  const words = `${count(sum(delivered))} delivered${dead > 0 ? `, ${count(dead)} failed` : ""}`
  return (
    <figure className="sparkline">
      <svg viewBox={`0 0 ${hours * 4 - 1} 24`} preserveAspectRatio="none" role="img" aria-label={`${label}: ${words}`}>
        {Array.from({ length: hours }, (_, hour) => {
          const good = ((delivered[hour] ?? 0) / most) * 23
          const bad = ((failed[hour] ?? 0) / most) * 23
          return (
            <g key={hour}>
              <rect className="base" x={hour * 4} width={3} y={23.2} height={0.8} />
              {good > 0 && <rect className="good" x={hour * 4} width={3} y={23 - good} height={good} />}
              {bad > 0 && <rect className="bad" x={hour * 4} width={3} y={23 - good - bad} height={bad} />}
            </g>
          )
        })}
      </svg>
      <figcaption>
        <span>24 h</span>
        <span className="numbers">{words}</span>
      </figcaption>
    </figure>
  )
}
