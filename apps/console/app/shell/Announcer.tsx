import { useEffect, useState, useSyncExternalStore } from "react"
import { announcements } from "../parts/announce.ts"

const shownFor = 6_000

/** The page's one role status: announces a result, and shows it for a while. */
export const Announcer = () => {
  const said = useSyncExternalStore(announcements.subscribe, announcements.get)
  const [gone, setGone] = useState(0)
  useEffect(() => {
    const timer = setTimeout(() => setGone(said.number), shownFor)
    return () => clearTimeout(timer)
  }, [said])
  const text = said.number > gone ? said.text : ""
  return (
    <div className={text === "" ? "announcer" : "announcer shown"} role="status" data-react-aria-top-layer="true">
      {text}
    </div>
  )
}
