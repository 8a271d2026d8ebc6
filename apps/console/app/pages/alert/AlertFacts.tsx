import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import type { AlertInFull } from "../../data/queries.ts"
import { OutLink } from "../../parts/Linked.tsx"
import { count, plural } from "../../parts/times.ts"
import { When } from "../../parts/When.tsx"

const shownObservations = 20

/** The facts from the source. */
export const AlertFacts = ({ alert }: { readonly alert: AlertInFull }) => {
  const {
    assumedTimeZone,
    clearedAt,
    episode,
    labels,
    notes,
    observations,
    observationsOmitted,
    rule,
    source,
    sourceId,
    startedAt,
    test
  } = alert
  const more = observations.length - shownObservations + observationsOmitted
  return (
    <aside className="alert-facts" aria-label="Facts">
      <dl>
        <Fact name="Raised">
          <When at={startedAt} />
        </Fact>
        <Fact name="Cleared">{clearedAt ? <When at={clearedAt} /> : <span className="quiet">not yet</span>}</Fact>
        <Fact name="Source">
          <Link to="/alerts" search={{ source, state: "all" }}>
            <bdi>{source}</bdi>
          </Link>
        </Fact>
        <Fact name="Rule at the source">
          {rule.name}
          {rule.expression !== undefined && <code className="fact-code">{rule.expression}</code>}
        </Fact>
        {test && (
          <Fact name="Test">
            {test.name}
            {test.type !== undefined && <span className="quiet"> {test.type}</span>}
            {test.targets?.map((target) => (
              <code key={target} className="fact-code">
                {target}
              </code>
            ))}
          </Fact>
        )}
        <Fact name="Id at the source">
          <code>{sourceId}</code>
        </Fact>
        {episode > 1 && <Fact name="Episode">{count(episode)}</Fact>}
        {assumedTimeZone && (
          <Fact name="Time zone">The source stated none that is known; read as {assumedTimeZone.zone}.</Fact>
        )}
        {Object.entries(labels).map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
        {notes.map(({ at, note }) => (
          <Fact key={`${at.epochMilliseconds}${note}`} name="Note">
            {note} <When at={at} />
          </Fact>
        ))}
      </dl>
      {observations.length > 0 && (
        <>
          <h3>Observations</h3>
          <ul className="observations">
            {observations.slice(0, shownObservations).map(({ atEnd, atStart, link, name }, index) => (
              <li key={index} className="foreign">
                {link ? <OutLink href={link.href}>{name}</OutLink> : name}
                <div className="quiet">
                  {atStart}
                  {atEnd !== undefined && ` → ${atEnd}`}
                </div>
              </li>
            ))}
          </ul>
          {more > 0 && <p className="quiet">and {plural(more, "other")}</p>}
        </>
      )}
    </aside>
  )
}

const Fact = ({ children, name }: { readonly name: string; readonly children: ReactNode }) => (
  <div className="fact">
    <dt className="foreign">{name}</dt>
    <dd className="foreign">{children}</dd>
  </div>
)
