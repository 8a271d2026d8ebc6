/**
 * Runs an attempt in one fiber with one timer: a time limit, a race with the lane's stop and their forks in layers cost
 * twice as much.
 */
import { Clock, Context, Duration, Effect, Exit, Fiber } from "effect"

/** Stops the attempts of a lane that can no longer wait for them. */
export class Stop {
  readonly #running = new Set<() => void>()
  #isGiven = false

  /** Ends all attempts, and those that begin later. */
  readonly give = Effect.sync(() => {
    this.#isGiven = true
    for (const end of this.#running) end()
  })

  /** Calls `end` once the stop is given; returns a function that no longer does. */
  on(end: () => void): () => void {
    if (this.#isGiven) end()
    else this.#running.add(end)
    return () => void this.#running.delete(end)
  }
}

/** The limits of an attempt. */
export interface Limits {
  readonly duration: Duration.Duration
  readonly stop?: Stop | undefined
}

/**
 * Runs an attempt, and interrupts it when its time is over or its lane stops, even if the caller cannot be interrupted;
 * returns `late` or `stopped` once it has ended.
 */
export const withinLimits = <A, E>(
  attempt: Effect.Effect<A, E>,
  { duration, stop }: Limits
): Effect.Effect<Exit.Exit<A, E> | "late" | "stopped"> =>
  Effect.withFiber(({ context }) =>
    Effect.callback((resume) => {
      const run = Effect.runForkWith(context)
      let ended: "late" | "stopped" | undefined
      const fiber = run(attempt)
      const end = (because: "late" | "stopped") => {
        ended ??= because
        fiber.interruptUnsafe()
      }
      const timer = run(Context.get(context, Clock.Clock).sleep(duration))
      const forget = stop?.on(() => end("stopped"))
      timer.addObserver((exit) => {
        if (Exit.isSuccess(exit)) end("late")
      })
      fiber.addObserver((exit) => {
        forget?.()
        timer.interruptUnsafe()
        resume(Effect.succeed(ended ?? exit))
      })
      return Effect.andThen(
        Effect.sync(() => end("stopped")),
        Fiber.await(fiber)
      )
    })
  )
