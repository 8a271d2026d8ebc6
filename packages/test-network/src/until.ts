import { Effect, Schedule } from "effect"

/** Checks every 20 ms until the condition holds. After four minutes it dies with the name of the condition. */
export const until = (what: string, holds: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (holds() ? Effect.void : Effect.fail(new Error(`Waited in vain for ${what}`)))).pipe(
    Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 12_000 }),
    Effect.orDie
  )
