import { Link } from "@tanstack/react-router"
import type { ActivityRow, IntegrationRow } from "../../data/queries.ts"
import { Button } from "../../parts/Button.tsx"
import { Icon } from "../../parts/Icon.tsx"
import { May } from "../../parts/May.tsx"
import { Sparkline } from "../../parts/Sparkline.tsx"
import { plural } from "../../parts/times.ts"
import { When } from "../../parts/When.tsx"
import { adviceFor, stateOf } from "../../integrations/state.ts"

interface Props {
  readonly integration: IntegrationRow
  readonly typeTitle: string | undefined
  readonly fallback: string | undefined
  readonly activity: ActivityRow | undefined
  readonly onEdit: () => void
  readonly onDelete: () => void
}

export const IntegrationCard = ({ activity, fallback, integration, onDelete, onEdit, typeTitle }: Props) => {
  const { backlog, broken, id, lastFailure, lastSuccessAt, name, oldestAt, paused, rules, type, waiting } = integration
  const { icon, tone, word } = stateOf(integration)
  const advice = broken && adviceFor(broken.reason)
  return (
    <li
      className={`panel card ${integration.enabled ? tone.replace("quiet", "") : tone}`}
      aria-labelledby={`name-${id}`}
    >
      <header className="card-head">
        <div className="card-name">
          <h2 id={`name-${id}`} className="foreign">
            {name}
          </h2>
          <p className="quiet">{typeTitle ?? `${type} (its plugin is not installed)`}</p>
        </div>
        <span className={`state ${tone}`}>
          <Icon name={icon} />
          {word}
        </span>
      </header>
      <div className="card-body">
        {broken && (
          <div className="card-trouble">
            <strong className="foreign">{broken.reason}</strong>
            <span>
              Since <When at={broken.since} />. {advice}
            </span>
          </div>
        )}
        {waiting && !broken && (
          <div className="card-trouble">
            <strong>
              {waiting.because === "limited" ? "The service asked for a pause" : "The service cannot be reached"}
            </strong>
            <span>
              Next attempt <When at={waiting.until} relative />
            </span>
          </div>
        )}
        {paused && (
          <div className="card-trouble">
            <span className="foreign">
              Paused by {paused.by}, <When at={paused.since} />: {paused.reason}
            </span>
          </div>
        )}
        <Sparkline
          label={`Deliveries to ${integration.name} in the last 24 hours`}
          delivered={activity?.delivered ?? []}
          failed={activity?.failed ?? []}
        />
        <dl className="facts">
          <dt>Last delivered</dt>
          <dd>{lastSuccessAt ? <When at={lastSuccessAt} /> : <span className="quiet">never</span>}</dd>
          <dt>Last failed</dt>
          <dd>
            {lastFailure ? (
              <>
                <When at={lastFailure.at} /> <span className="quiet foreign">{lastFailure.reason}</span>
              </>
            ) : (
              <span className="quiet">never</span>
            )}
          </dd>
          <dt>Pending</dt>
          <dd>
            <Link to="/deliveries" search={{ state: "open", integration: id }}>
              {plural(backlog, "delivery", "deliveries")}
            </Link>
            {oldestAt && backlog > 0 && (
              <>
                , oldest <When at={oldestAt} relative />
              </>
            )}
          </dd>
          <dt>Used by</dt>
          <dd>
            {rules.length === 0 ? (
              <span className="quiet">no rule: nothing is sent here</span>
            ) : (
              rules.map((rule, index) => (
                <span key={rule.id}>
                  {index > 0 && ", "}
                  <Link to="/alert-settings" search={{ rule: rule.id }}>
                    <bdi>{rule.name}</bdi>
                  </Link>
                </span>
              ))
            )}
          </dd>
          {fallback !== undefined && (
            <>
              <dt>Fallback</dt>
              <dd>
                <bdi>{fallback}</bdi>
              </dd>
            </>
          )}
        </dl>
      </div>
      <May scope="write">
        <footer className="card-foot">
          <Button look="quiet" icon="edit" onPress={onEdit} aria-label={`Edit ${name}`}>
            Edit
          </Button>
          <Button look="quiet" icon="bin" onPress={onDelete} aria-label={`Delete ${name}`}>
            Delete
          </Button>
        </footer>
      </May>
    </li>
  )
}
