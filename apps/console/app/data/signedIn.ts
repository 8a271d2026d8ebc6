/**
 * Tracks whether the reader must sign in again, and the requests that wait for it.
 */
type Listener = () => void

const listeners = new Set<Listener>()
let waiting: PromiseWithResolvers<void> | undefined

const changed = (): void => {
  for (const listener of listeners) listener()
}

export const signedIn = {
  /** Whether the page should ask for the token. */
  isNeeded: (): boolean => waiting !== undefined,

  subscribe: (listener: Listener): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },

  /** Asks the reader to sign in again, and waits until that has happened. */
  again: (signal?: AbortSignal): Promise<void> => {
    waiting ??= Promise.withResolvers<void>()
    changed()
    const { promise } = waiting
    if (signal === undefined) return promise
    return Promise.race([
      promise,
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }))
    ])
  },

  /** The reader has signed in, here or in another tab. */
  done: (): void => {
    waiting?.resolve()
    waiting = undefined
    changed()
  }
}
