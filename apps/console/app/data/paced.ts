/** The pause after a first read; it doubles while changes keep coming. The gateway sends four batches of them a second. */
const shortest = 250
const longest = 1_000
/** The part of the time in which a page reads: a gateway that answers slowly is asked less often. */
const share = 1 / 10
/** The longest pause because of that. */
const slowest = 3_000

/**
 * Makes a function that runs `read` at once if it is called after a quiet moment, and otherwise once after a pause: in
 * a storm the gateway sends four batches of changes a second. `read` never runs twice at once, or while the page is
 * hidden; the last call always leads to a run.
 */
export const paced = (read: () => Promise<unknown>, onIdle?: () => void): (() => void) => {
  let isAsked = false
  let isBusy = false
  const run = async (): Promise<void> => {
    isBusy = true
    for (let pause = shortest; isAsked; pause = Math.min(longest, pause * 2)) {
      await visible()
      isAsked = false
      const began = performance.now()
      await read().catch(() => undefined)
      const took = performance.now() - began
      await new Promise((resolve) => setTimeout(resolve, Math.max(pause, Math.min(slowest, took / share))))
    }
    isBusy = false
    onIdle?.()
  }
  return () => {
    isAsked = true
    if (!isBusy) void run()
  }
}

/** Waits until the page is visible. */
const visible = (): Promise<unknown> | undefined =>
  document.visibilityState === "visible"
    ? undefined
    : new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }))
