import { Data, Deferred, Effect } from "effect"

/** The most bytes of bodies whose senders have not authenticated yet, of all connections together: 16 MiB. */
const maxBytes = 16 * 1024 * 1024

/** The bodies of unauthenticated senders use too much memory, and this one is the largest. */
export class TooManyBodies extends Data.TaggedError("TooManyBodies") {}

interface Held {
  bytes: number
  readonly refused: Deferred.Deferred<never, TooManyBodies>
}

/**
 * Limits the bodies that are read before their senders have authenticated. `read` reads a body, calls its argument with
 * the number of bytes of each part, and checks the credential in it. If all bodies together are too large, the largest
 * is dropped, so that events of the usual size are not refused.
 */
export const makeUnauthenticatedBodies = () => {
  const bodies = new Set<Held>()
  let total = 0
  const release = (body: Held) => {
    if (bodies.delete(body)) total -= body.bytes
  }
  return <A, E, R>(
    read: (onBytes: (bytes: number) => void) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | TooManyBodies, R> =>
    Effect.suspend(() => {
      const own: Held = { bytes: 0, refused: Deferred.makeUnsafe() }
      bodies.add(own)
      const onBytes = (bytes: number) => {
        if (!bodies.has(own)) return
        own.bytes += bytes
        total += bytes
        while (total > maxBytes) {
          const largest = [...bodies].reduce((a, b) => (b.bytes > a.bytes ? b : a))
          release(largest)
          Deferred.doneUnsafe(largest.refused, Effect.fail(new TooManyBodies()))
        }
      }
      return Effect.raceFirst(read(onBytes), Deferred.await(own.refused)).pipe(
        Effect.ensuring(Effect.sync(() => release(own)))
      )
    })
}
