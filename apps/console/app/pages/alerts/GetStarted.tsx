import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { anyAlertQuery, integrationsQuery, rulesQuery } from "../../data/queries.ts"
import { sessionQuery } from "../../data/session.ts"
import { Copyable } from "../../parts/Copyable.tsx"
import { Icon } from "../../parts/Icon.tsx"

/** The curl line of a first alert, with the address by which this page was reached. */
const command = (needsToken: boolean) =>
  [
    `curl -sS ${location.origin}/v1/alerts \\`,
    ...(needsToken ? [`  -H "Authorization: Bearer $TOCSIN_TOKEN" \\`] : []),
    `  -H 'content-type: application/json' -d '{`,
    `    "source": "curl", "id": "first", "state": "raised",`,
    `    "startedAt": "'$(date -u +%FT%TZ)'",`,
    `    "rule": { "name": "My first alert" }`,
    `  }'`
  ].join("\n")

/** The first steps for an empty gateway; each step ticks itself off when it happens. */
export const GetStarted = () => {
  const { data: integrations } = useQuery(integrationsQuery)
  const { data: rules } = useQuery(rulesQuery)
  const { data: alerts } = useQuery(anyAlertQuery)
  const { data: caller } = useQuery(sessionQuery)
  return (
    <section className="get-started" aria-labelledby="get-started">
      <h2 id="get-started">Get started</h2>
      <p className="quiet">Three steps to the first message in a channel.</p>
      <ol>
        <Step number={1} title="Add an integration" isDone={(integrations?.total ?? 0) > 0}>
          <p>The channel that gets the messages. A test can be sent before it is saved.</p>
          <Link to="/integrations" search={{ new: "yes" }} className="button plain">
            Add an integration
          </Link>
        </Step>
        <Step number={2} title="Add a rule" isDone={(rules?.total ?? 0) > 0}>
          <p>Which alerts go to which integrations, and whether a message follows when they clear.</p>
          <Link to="/alert-settings" search={{ rule: "new" }} className="button plain">
            Add a rule
          </Link>
        </Step>
        <Step number={3} title="Send a first alert" isDone={(alerts?.total ?? 0) > 0}>
          <p>From a terminal; it appears here at once.</p>
          <Copyable label="Command that sends a first alert" text={command(caller?.signInRequired ?? false)} />
        </Step>
      </ol>
    </section>
  )
}

const Step = ({
  children,
  isDone,
  number,
  title
}: {
  readonly number: number
  readonly title: string
  readonly isDone: boolean
  readonly children: ReactNode
}) => (
  <li className={isDone ? "step done" : "step"}>
    <span className="step-mark">{isDone ? <Icon name="check" /> : number}</span>
    <div className="step-body">
      <h3>
        {title}
        {isDone && <span className="quiet"> Done</span>}
      </h3>
      {children}
    </div>
  </li>
)
