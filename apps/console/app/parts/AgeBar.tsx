import type { SeverityName } from "./Severity.tsx"
import "./AgeBar.css"

const minute = 60_000
const longest = 30 * 24 * 60 * minute

/**
 * The position of a time on an axis from 30 days ago (0) to now (100), on a scale that gives the last minutes as much
 * space as the days.
 */
const place = (age: number): number =>
  100 * (1 - Math.log1p(Math.min(longest, Math.max(0, age)) / minute) / Math.log1p(longest / minute))

const marks = [
  { label: "7 d", age: 7 * 24 * 60 * minute },
  { label: "1 d", age: 24 * 60 * minute },
  { label: "1 h", age: 60 * minute },
  { label: "5 m", age: 5 * minute }
]

const lines = marks.map(({ age }) => `M${place(age).toFixed(2)} 0v10`).join("")

/** The header of the bars' column: the scale. */
export const AgeAxis = () => (
  <>
    <span className="hidden">Span</span>
    <svg className="age-axis" aria-hidden="true">
      {marks.map(({ age, label }) => (
        <text key={label} x={`${place(age).toFixed(2)}%`} y="0.75rem">
          {label}
        </text>
      ))}
    </svg>
  </>
)

interface Props {
  readonly from: number
  readonly to: number | undefined
  readonly now: number
  readonly severity: SeverityName | undefined
}

/** A bar of when an alert was raised and for how long; the times beside it have the same in words. */
export const AgeBar = ({ from, now, severity, to }: Props) => {
  const start = place(now - from)
  const end = place(to === undefined ? 0 : now - to)
  return (
    <svg className={`age-bar ${severity ?? "over"}`} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <path className="age-mark" d={lines} />
      <rect x={start.toFixed(2)} width={Math.max(1.2, end - start).toFixed(2)} y={3} height={4} rx={1} />
    </svg>
  )
}
