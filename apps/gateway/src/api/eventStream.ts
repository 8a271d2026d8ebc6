import type { Changes, ChangesAfter } from "@tocsin/delivery"
import { Clock, Duration, Effect, Option, Stream } from "effect"
import { Sse } from "effect/encoding"

/**
 * The time without an event after which a heartbeat is sent: proxies close connections that are silent for a minute,
 * some after half a minute.
 */
const heartbeat = Duration.seconds(15)

/** Options of a stream of events. */
export interface Followed {
  readonly changes: Changes["Service"]
  /** The position after which to resume, as the reader states it. */
  readonly last: string | undefined
  /** Whether the reader's access has ended. Checked every 15 seconds, and when a session changed. */
  readonly isOver: Effect.Effect<boolean>
}

/** Server-sent events of changes, until the reader's access ends. */
export const eventStream = ({ changes, isOver, last }: Followed): Stream.Stream<string> =>
  Stream.unwrap(
    Effect.map(changes.position, (present) => {
      const start = last ?? present
      return Stream.concat(
        // A response does not begin without a first byte.
        Stream.make(event("ready", {}, start)),
        Stream.unfold({ position: start, checkedAt: 0 }, ({ checkedAt, position }) =>
          Effect.gen(function* () {
            const found = yield* Effect.timeoutOption(changes.after(position), heartbeat)
            const now = yield* Clock.currentTimeMillis
            const isDue =
              now >= checkedAt + Duration.toMillis(heartbeat) || (Option.isSome(found) && ofSessions(found.value))
            if (isDue && (yield* isOver)) return undefined
            const next = (position: string) => ({ position, checkedAt: isDue ? now : checkedAt })
            if (Option.isNone(found)) return [event("heartbeat", {}), next(position)] as const
            if (found.value !== undefined) {
              return [
                event("changes", { items: found.value.items }, found.value.position),
                next(found.value.position)
              ] as const
            }
            const present = yield* changes.position
            return [event("reset", {}, present), next(present)] as const
          })
        )
      )
    })
  )

const ofSessions = (found: ChangesAfter | undefined): boolean =>
  found?.items.some(({ kind }) => kind === "session") === true

const event = (name: string, data: object, id?: string): string =>
  Sse.encoder.write({ _tag: "Event", event: name, data: JSON.stringify(data), id })
