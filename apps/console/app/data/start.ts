import { follow, reconnect } from "./live.ts"
import type { Change } from "./live.ts"
import { queryClient, refresh, refreshAll } from "./queryClient.ts"
import { signedIn } from "./signedIn.ts"

const stateListeners = new Set<() => void>()
const changeListeners = new Set<(changes: ReadonlyArray<Change> | "all") => void>()

export const onLiveState = (listener: () => void): (() => void) => {
  stateListeners.add(listener)
  return () => stateListeners.delete(listener)
}

/** Calls with what changed, or `all` where that is not known. */
export const onChanges = (listener: (changes: ReadonlyArray<Change> | "all") => void): (() => void) => {
  changeListeners.add(listener)
  return () => changeListeners.delete(listener)
}

let isStarted = false

/** Follows what changes, once somebody is signed in. */
export const startLive = (): void => {
  if (isStarted) return reconnect()
  isStarted = true
  follow({
    state: () => stateListeners.forEach((listener) => listener()),
    changes: (changes) => {
      refresh(changes)
      changeListeners.forEach((listener) => listener(changes))
    },
    reset: () => {
      refreshAll()
      changeListeners.forEach((listener) => listener("all"))
    },
    // Whether the session has ended is what this reads: if so, the page asks the reader to sign in.
    refused: () => void queryClient.invalidateQueries({ queryKey: ["session"] })
  })
  addEventListener("online", reconnect)
}

signedIn.subscribe(() => {
  if (!signedIn.isNeeded()) reconnect()
})
