import { zone } from "../data/preferences.ts"
import { exactTime, fromNow, type Moment, shortTime } from "./times.ts"
import { useTick } from "./useTick.ts"

interface Props {
  readonly at: Moment
  /** Shows how far from now it is instead of the time. */
  readonly relative?: boolean
  /** Whether a row around it shows the exact time when it takes focus; else the time itself does. */
  readonly inRow?: boolean
}

/** A time in the reader's zone; `Tip` shows it exactly on hover and focus. */
export const When = ({ at: { epochMilliseconds }, inRow = false, relative = false }: Props) => {
  const shown = zone.use()
  const now = useTick(relative)
  return (
    <time
      className="numbers when"
      dateTime={new Date(epochMilliseconds).toISOString()}
      data-exact={exactTime(epochMilliseconds, shown)}
      {...(!inRow && { tabIndex: 0 })}
    >
      {relative ? fromNow(epochMilliseconds, now) : shortTime(epochMilliseconds, shown)}
    </time>
  )
}
