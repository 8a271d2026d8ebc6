/** After a first read a page waits so long, and twice as long each time while changes keep coming. */
const shortest = 125
const longest = 1_000

/**
 * Makes a function that runs `read` at once when it is called after a quiet moment, and otherwise once more when a pause
 * is over: in a storm the gateway sends four batches of changes a second. It never runs twice at once, and not while
 * nobody sees the page; the last call always leads to a run.
 */
export const paced = (read: () => Promise<unknown>, onIdle?: () => void): (() => void) => {
  let isAsked = false
  let isBusy = false
  const run = async (): Promise<void> => {
    isBusy = true
    for (let pause = shortest; isAsked; pause = Math.min(longest, pause * 2)) {
      await visible()
      isAsked = false
      await read().catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
    isBusy = false
    onIdle?.()
  }
  return () => {
    isAsked = true
    if (!isBusy) void run()
  }
}

/** Waits until the page is in sight. */
const visible = (): Promise<unknown> | undefined =>
  document.visibilityState === "visible"
    ? undefined
    : new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }))
