import type { DeliveryRow } from "../data/queries.ts"
import { Icon, type IconName } from "../parts/Icon.tsx"
import { When } from "../parts/When.tsx"
import "./deliveries.css"

type Status = DeliveryRow["status"]

const shown: { readonly [S in Status]: { readonly word: string; readonly icon: IconName; readonly tone: string } } = {
  pending: { word: "Pending", icon: "clock", tone: "warn" },
  retrying: { word: "Retrying", icon: "retry", tone: "warn" },
  sending: { word: "Sending", icon: "deliveries", tone: "good" },
  folded: { word: "In a digest", icon: "stack", tone: "good" },
  delivered: { word: "Delivered", icon: "check", tone: "good" },
  dead: { word: "Dead", icon: "cross", tone: "bad" },
  superseded: { word: "Superseded", icon: "dash", tone: "quiet" },
  diverted: { word: "Diverted", icon: "right", tone: "warn" }
}

export const stateWord = (status: Status): string => shown[status].word

/** The state of a delivery, and the time of the next attempt. */
export const DeliveryState = ({ delivery: { nextAt, status } }: { readonly delivery: DeliveryRow }) => {
  const { icon, tone, word } = shown[status]
  return (
    <span className={`outcome ${tone}`}>
      <Icon name={icon} />
      {word}
      {nextAt && status === "retrying" && (
        <span className="quiet">
          next <When at={nextAt} relative />
        </span>
      )}
    </span>
  )
}
