import { Link } from "@tanstack/react-router"
import type { AlertInFull, ExplanationRow } from "../../data/queries.ts"
import { adviceFor } from "../../integrations/state.ts"
import { Icon, type IconName } from "../../parts/Icon.tsx"
import { OutLink } from "../../parts/Linked.tsx"
import { Section, Skeleton } from "../../parts/Page.tsx"
import { When } from "../../parts/When.tsx"

type Outcome = ExplanationRow["outcome"]

interface Shown {
  readonly word: string
  readonly icon: IconName
  readonly tone: "good" | "warn" | "bad" | "quiet"
}

const shown: { readonly [O in Outcome]: Shown } = {
  delivered: { word: "Delivered", icon: "check", tone: "good" },
  sending: { word: "Sending", icon: "deliveries", tone: "good" },
  waiting: { word: "Waiting", icon: "clock", tone: "warn" },
  inDigest: { word: "In a digest", icon: "stack", tone: "good" },
  diverted: { word: "Fallback notified", icon: "right", tone: "warn" },
  dead: { word: "Given up", icon: "cross", tone: "bad" },
  superseded: { word: "No longer true", icon: "dash", tone: "quiet" },
  integrationDisabled: { word: "Integration disabled", icon: "off", tone: "warn" },
  ruleDisabled: { word: "Rule disabled", icon: "off", tone: "warn" },
  notMatched: { word: "No rule matched", icon: "dash", tone: "quiet" },
  noRule: { word: "No rule names it", icon: "dash", tone: "quiet" },
  notDue: { word: "Not due", icon: "dash", tone: "quiet" }
}

const rank: { readonly [T in Shown["tone"]]: number } = { bad: 0, warn: 1, good: 2, quiet: 3 }

interface Props {
  readonly items: ReadonlyArray<ExplanationRow> | undefined
  /** The same count as in the list of alerts: what no rule sends there does not count. */
  readonly notified: { readonly delivered: number; readonly of: number }
  readonly names: ReadonlyMap<string, { readonly name: string }>
  readonly deliveries: AlertInFull["deliveries"]
}

/** For each integration, whether it was notified and why; problems first. */
export const WhoWasNotified = ({ deliveries, items, names, notified }: Props) => {
  const causes = new Map<string | undefined, string | undefined>(deliveries.map(({ cause, id }) => [id, cause]))
  const rows = items?.map((item) => ({ ...item, shown: shown[item.outcome] }))
  return (
    <Section
      title="Who was notified"
      beside={notified.of === 0 ? undefined : `${notified.delivered} of ${notified.of}`}
    >
      {rows === undefined ? (
        <Skeleton rows={3} height="2.25rem" />
      ) : rows.length === 0 ? (
        <p className="quiet">
          Nobody: there is no integration.{" "}
          <Link to="/integrations" search={{ new: "yes" }}>
            Add one
          </Link>
        </p>
      ) : (
        <div className="panel">
          <table className="who" aria-label="Who was notified">
            <thead>
              <tr>
                <th scope="col">Integration</th>
                <th scope="col">Outcome</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody>
              {rows
                .toSorted((a, b) => rank[a.shown.tone] - rank[b.shown.tone])
                .map(
                  ({
                    delivery,
                    digest,
                    integration,
                    link,
                    name,
                    nearest,
                    outcome,
                    rules,
                    shown: { icon, tone, word },
                    until,
                    why
                  }) => (
                    <tr key={integration} className={tone}>
                      <th scope="row">
                        <bdi>{name ?? names.get(integration)?.name ?? integration}</bdi>
                      </th>
                      <td className="who-outcome">
                        <span className={`outcome ${tone}`}>
                          <Icon name={icon} />
                          {word}
                        </span>
                      </td>
                      <td className="foreign">
                        {nearest === undefined && <span className="sentence">{why}</span>}
                        {outcome === "dead" && <div className="quiet">{adviceFor(causes.get(delivery) ?? "")}</div>}
                        {until && (
                          <>
                            {" "}
                            <span className="quiet">
                              Next attempt <When at={until} relative />
                            </span>
                          </>
                        )}
                        {nearest && (
                          <div className="nearest">
                            {nearest.failed.map(({ condition, found, wanted }) => (
                              <div key={condition}>
                                <code>{condition}</code> is {found === undefined ? "not set" : <q>{found}</q>}, the rule{" "}
                                <Link to="/alert-settings" search={{ rule: nearest.rule, tab: "Match" }}>
                                  {nearest.name}
                                </Link>{" "}
                                wants <q>{wanted}</q>
                              </div>
                            ))}
                          </div>
                        )}
                        <div className="who-links">
                          {rules.map((rule) => (
                            <Link key={rule.id} to="/alert-settings" search={{ rule: rule.id }}>
                              Rule {rule.name}
                            </Link>
                          ))}
                          {digest !== undefined && (
                            <Link to="/deliveries" search={{ open: digest }}>
                              The digest
                            </Link>
                          )}
                          {link && <OutLink href={link.href}>Open the message</OutLink>}
                        </div>
                      </td>
                    </tr>
                  )
                )}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  )
}
