import { Link } from "@tanstack/react-router"
import type { AlertRow } from "../../data/queries.ts"
import { AgeBar } from "../../parts/AgeBar.tsx"
import { Severity } from "../../parts/Severity.tsx"
import { When } from "../../parts/When.tsx"

/** The cells of one alert. */
export const alertRow = (alert: AlertRow | undefined, now: number) => {
  if (alert === undefined) return undefined
  const { clearedAt, id, notified, rule, severity, source, startedAt, state, test } = alert
  const isCleared = state === "cleared"
  const nobody = notified !== undefined && notified.delivered === 0
  return {
    key: id,
    className: isCleared ? "is-cleared" : "",
    cells: (
      <>
        <div role="cell" className="at-severity">
          <Severity name={severity} isCleared={isCleared} />
        </div>
        <div role="cell" className="at-rule cut">
          <Link to="/alerts/$id" params={{ id }} className="row-link">
            <bdi>{rule.name}</bdi>
          </Link>
        </div>
        <div role="cell" className="at-test cut">
          <bdi>{test?.name}</bdi>
        </div>
        <div role="cell" className="at-source cut">
          <bdi>{source}</bdi>
        </div>
        <div role="cell" className="at-bar">
          <AgeBar
            from={startedAt.epochMilliseconds}
            to={clearedAt?.epochMilliseconds}
            now={now}
            severity={isCleared ? undefined : severity}
          />
        </div>
        <div role="cell" className="at-raised">
          <When at={startedAt} inRow />
        </div>
        <div role="cell" className="at-cleared">
          {clearedAt ? <When at={clearedAt} inRow /> : <span className="quiet">not yet</span>}
        </div>
        <div role="cell" className={`at-notified numbers end ${nobody ? "nobody" : ""}`}>
          {notified === undefined ? (
            <span className="quiet">unknown</span>
          ) : notified.of === 0 ? (
            "nobody"
          ) : (
            `${notified.delivered} of ${notified.of}`
          )}
        </div>
      </>
    )
  }
}
