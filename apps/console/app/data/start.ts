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

/** Calls with the changes, or with `all` if they are not known. */
export const onChanges = (listener: (changes: ReadonlyArray<Change> | "all") => void): (() => void) => {
  changeListeners.add(listener)
  return () => changeListeners.delete(listener)
}

let isStarted = false

/** Follows changes, once the reader is signed in. */
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
    // Reads whether the session has ended: if so, the page asks the reader to sign in.
    refused: () => void queryClient.invalidateQueries({ queryKey: ["session"] })
  })
  addEventListener("online", reconnect)
}

signedIn.subscribe(() => {
  if (!signedIn.isNeeded()) reconnect()
})
