import { useSyncExternalStore } from "react"
import { shortTime } from "../parts/times.ts"
import { liveState } from "../data/live.ts"
import { onLiveState } from "../data/start.ts"

/** Shows whether the page is up to date. */
export const LiveWord = () => {
  const state = useSyncExternalStore(onLiveState, liveState)
  const words = {
    connecting: "connecting",
    live: "live",
    reconnecting: "reconnecting",
    offline: "since" in state ? `offline since ${shortTime(state.since)}` : "offline"
  }
  return (
    <span className={`live-word ${state.status}`}>
      <span className="live-dot" />
      {words[state.status]}
    </span>
  )
}
