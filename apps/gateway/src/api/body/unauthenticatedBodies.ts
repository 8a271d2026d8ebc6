import { Data, Deferred, Effect } from "effect"

/** The most bytes of bodies whose senders have not authenticated yet, of all connections together: 16 MiB. */
const maxBytes = 16 * 1024 * 1024

/** Senders that have not authenticated yet hold too much of the gateway's memory, and this body is the largest. */
export class TooManyBodies extends Data.TaggedError("TooManyBodies") {}

interface Held {
  bytes: number
  readonly refused: Deferred.Deferred<never, TooManyBodies>
}

/**
 * Makes what bounds the bodies that are read before their senders have authenticated. `read` reads a body, calls its
 * argument with the number of bytes of each part, and checks the credential in it. Where all of them hold too much, the
 * largest is given up, so that whoever sends an event of the usual size is not refused.
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
