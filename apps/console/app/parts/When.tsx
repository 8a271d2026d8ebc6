import { zone } from "../data/preferences.ts"
import { exactTime, fromNow, type Moment, shortTime } from "./times.ts"
import { useTick } from "./useTick.ts"

interface Props {
  readonly at: Moment
  /** Whether to show the distance from now instead of the time. */
  readonly relative?: boolean
  /** Whether the surrounding row shows the exact time on focus, instead of the time itself. */
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
