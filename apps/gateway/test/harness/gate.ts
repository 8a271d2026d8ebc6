/**
 * Stands before a stand-in's answers and can hold them back.
 */
import { Effect, Schedule } from "effect"

export { until } from "@tocsin/test-network"

/** A gate that is open until it is told to hold. */
export interface Gate {
  /** How many requests have come in all. */
  readonly arrived: () => number
  /** How many of them are held now. */
  readonly held: () => number
  /** Holds every request from now on. */
  readonly hold: () => void
  /** Lets what is held on, and opens; `drop` breaks those connections, so that the service never took them. */
  readonly open: (how?: "drop") => void
  /** Called with the number of each request that comes, before it is answered. */
  onArrival: (count: number) => void
  /** What the stand-in waits for before it answers. */
  readonly pass: () => Promise<void>
}

/** Makes an open gate. */
export const make = (): Gate => {
  let arrived = 0
  let isHolding = false
  let held: Array<{ readonly resolve: () => void; readonly reject: (error: Error) => void }> = []
  const gate: Gate = {
    arrived: () => arrived,
    held: () => held.length,
    hold: () => {
      isHolding = true
    },
    open: (how) => {
      isHolding = false
      for (const { reject, resolve } of held) {
        if (how === "drop") reject(new Error("Dropped"))
        else resolve()
      }
      held = []
    },
    onArrival: () => {},
    pass: () => {
      arrived++
      gate.onArrival(arrived)
      if (!isHolding) return Promise.resolve()
      return new Promise((resolve, reject) => held.push({ resolve, reject }))
    }
  }
  return gate
}

/** Asks every 30 ms until the answer is as wished, and gives it; dies after four minutes. */
export const eventually = <A, E, R>(
  what: string,
  ask: Effect.Effect<A, E, R>,
  isWished: (a: A) => boolean
): Effect.Effect<A, E, R> =>
  ask.pipe(
    Effect.repeat({ schedule: Schedule.spaced("30 millis"), until: isWished, times: 8_000 }),
    Effect.andThen(ask),
    Effect.tap((answer) => (isWished(answer) ? Effect.void : Effect.die(new Error(`Waited in vain for ${what}`))))
  )
