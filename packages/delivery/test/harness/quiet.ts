/**
 * When a test's world has come to rest: nothing more happens until time passes.
 */
import { Clock, Duration, Effect, Layer } from "effect"
import { connect, type Socket } from "node:net"
import { inject } from "vitest"

/** A store in this process has done what it was asked for when the call returns. */
const isElsewhere = inject("postgres") !== undefined

/** How many answers each connection waits for. */
const pending = new Map<Socket, number>()

/** Who waits until no connection waits for an answer. */
const waiting = new Set<() => void>()

const enqueue = (socket: Socket, change: number) => {
  const now = (pending.get(socket) ?? 0) + change
  if (now > 0) return pending.set(socket, now)
  pending.delete(socket)
  if (pending.size > 0) return
  waiting.forEach((resolve) => resolve())
  waiting.clear()
}

/** Connections of which it is known whether the server works for them; `closed` returns when it has ended them all. */
export const watched = ({ hostname, port }: URL) => {
  const open = new Set<Promise<void>>()
  const stream = () => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()))
    open.add(closed)
    // The greeting, the only message without a type, is answered as well.
    enqueue(socket, 1)
    let sent: ReturnType<typeof messages> | undefined
    const write: (...sent: Array<never>) => boolean = socket.write.bind(socket)
    Object.assign(socket, {
      write: (bytes: never, ...others: Array<never>) => {
        const types = sent?.(bytes) ?? []
        sent ??= messages()
        enqueue(socket, types.filter((type) => type === sync || type === simpleQuery).length)
        return write(bytes, ...others)
      }
    })
    const received = messages()
    socket.prependListener("data", (bytes: Buffer) => {
      enqueue(socket, -received(bytes).filter((type) => type === readyForQuery).length)
    })
    socket.once("close", () => {
      open.delete(closed)
      enqueue(socket, -Infinity)
    })
    return socket
  }
  return { stream, closed: Effect.promise(() => Promise.all(open)) }
}

const [sync, simpleQuery, readyForQuery] = ["S", "Q", "Z"].map((type) => type.charCodeAt(0))

/**
 * Reads PostgreSQL's protocol as it comes in, and gives the types of the messages: each is follpending by its length.
 */
const messages = () => {
  let rest = Buffer.alloc(0)
  return (bytes: Uint8Array): ReadonlyArray<number | undefined> => {
    rest = Buffer.concat([rest, bytes])
    const types: Array<number | undefined> = []
    let from = 0
    while (rest.length >= from + 5) {
      const end = from + 1 + rest.readInt32BE(from + 1)
      if (rest.length < end) break
      types.push(rest[from])
      from = end
    }
    rest = rest.subarray(from)
    return types
  }
}

/** Returns when the server has answered everything. */
const answered = Effect.promise(
  () => new Promise<void>((resolve) => (pending.size === 0 ? resolve() : waiting.add(resolve)))
)

/** Lets everything run that can run without time passing. */
export const settle = Effect.gen(function* () {
  yield* Effect.repeat(Effect.yieldNow, { times: 150 })
  if (!isElsewhere) return
  for (let quiet = 0; quiet < 5; quiet++) {
    yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    if (pending.size > 0) {
      yield* answered
      quiet = -1
    }
    yield* Effect.repeat(Effect.yieldNow, { times: 50 })
  }
})

/** When the sleeps end that have begun by a test's clock: a store that takes its time begins some of them late. */
const sleepsOf = new WeakMap<object, Map<object, number>>()

/** The test's clock, whose sleeps are known where the store takes its time. */
export const watchedClock = !isElsewhere
  ? Layer.empty
  : Layer.effect(
      Clock.Clock,
      Effect.map(Clock.Clock, (clock) => {
        const sleeps = sleepsOf.get(clock) ?? new Map<object, number>()
        sleepsOf.set(clock, sleeps)
        const watched: Clock.Clock = Object.assign(Object.create(clock), {
          sleep: (duration: Duration.Duration) =>
            Effect.suspend(() => {
              const sleep = {}
              sleeps.set(sleep, clock.currentTimeMillisUnsafe() + Duration.toMillis(duration))
              return Effect.ensuring(
                clock.sleep(duration),
                Effect.sync(() => sleeps.delete(sleep))
              )
            })
        })
        return watched
      })
    )

/** When the next sleep ends, if that is before a time. */
export const nextSleep = (end: number): Effect.Effect<number | undefined> =>
  Clock.clockWith((clock) => {
    const now = clock.currentTimeMillisUnsafe()
    const next = Math.min(...[...(sleepsOf.get(clock)?.values() ?? [])].filter((time) => time > now))
    return Effect.succeed(next < end ? next : undefined)
  })
