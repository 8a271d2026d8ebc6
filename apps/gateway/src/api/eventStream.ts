import type { Changes, ChangesAfter } from "@tocsin/delivery"
import { Clock, Duration, Effect, Option, Stream } from "effect"
import { Sse } from "effect/encoding"

/** After so long without an event a heartbeat is sent: proxies close what is silent for a minute, some for half of one. */
const heartbeat = Duration.seconds(15)

/** What a stream of events follows. */
export interface Followed {
  readonly changes: Changes["Service"]
  /** The position after which to resume, as the reader states it. */
  readonly last: string | undefined
  /** Whether the reader may read no further. Asked every 15 seconds, and when a session changed. */
  readonly isOver: Effect.Effect<boolean>
}

/** Server-sent events of what changes, until the reader may read no further. */
export const eventStream = ({ changes, isOver, last }: Followed): Stream.Stream<string> =>
  Stream.unwrap(
    Effect.map(changes.position, (present) => {
      const start = last ?? present
      return Stream.concat(
        // A response without a byte in it would not begin.
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
