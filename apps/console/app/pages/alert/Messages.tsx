import { Link } from "@tanstack/react-router"
import type { AlertId, AlertInFull } from "../../data/queries.ts"
import { DeliveryState } from "../../deliveries/DeliveryState.tsx"
import { RedeliverButton } from "../../deliveries/Redeliver.tsx"
import { OutLink } from "../../parts/Linked.tsx"
import { Section } from "../../parts/Page.tsx"
import { When } from "../../parts/When.tsx"

interface Props {
  readonly alert: AlertId
  readonly deliveries: AlertInFull["deliveries"]
  readonly names: ReadonlyMap<string, { readonly name: string }>
}

/** Each delivery, with the message as it was sent. */
export const Messages = ({ alert, deliveries, names }: Props) =>
  deliveries.length === 0 ? null : (
    <Section
      title="Messages"
      beside={deliveries.length}
      actions={
        <Link to="/deliveries" search={{ alert }}>
          All attempts
        </Link>
      }
    >
      <ul className="messages">
        {deliveries.map((delivery) => {
          const { id, integration, kind, link, text, updatedAt } = delivery
          return (
            <li key={id} className="panel sent">
              <div className="sent-head">
                <strong>{kind}</strong>
                <span>
                  to <bdi>{names.get(integration)?.name ?? integration}</bdi>
                </span>
                <DeliveryState delivery={delivery} />
                <span className="quiet">
                  <When at={updatedAt} />
                </span>
                <span className="page-actions">
                  {link && <OutLink href={link.href}>Open the message</OutLink>}
                  <RedeliverButton delivery={delivery} />
                </span>
              </div>
              {text !== undefined && <pre className="sent-text foreign">{text}</pre>}
            </li>
          )
        })}
      </ul>
    </Section>
  )
