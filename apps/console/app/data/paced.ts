/** In a storm the gateway sends four batches of changes a second: a page reads again once in this time. */
const pause = 1_000

/**
 * Makes a function that runs `read` at once when it is called after a quiet second, and otherwise once more when that
 * second is over. It never runs twice at once, and not while nobody sees the page; the last call always leads to a run.
 */
export const paced = (read: () => Promise<unknown>, onIdle?: () => void): (() => void) => {
  let isAsked = false
  let isBusy = false
  const run = async (): Promise<void> => {
    isBusy = true
    while (isAsked) {
      await visible()
      isAsked = false
      const over = new Promise((resolve) => setTimeout(resolve, pause))
      await read().catch(() => undefined)
      await over
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
