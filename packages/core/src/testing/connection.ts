/**
 * A service that accepts connections, without a network.
 */
import { Effect, Layer, Queue } from "effect"
import { HttpClient } from "effect/http"
import { Socket } from "effect/socket"
import { Connector, type Endpoint } from "../Connector.ts"
import { DeliveryError, type Reason, Unavailable } from "../DeliveryError.ts"
import type { ConnectionOptions, Peer } from "./options.ts"
import type { Answer, Service } from "./service.ts"

/** One turn of the service: it writes something, then ends the connection, or does only one of the two. */
interface Turn {
  readonly says: Uint8Array | string
  readonly ends?: Socket.SocketErrorReason
}

/** The service's turns as a function of the bytes that were just written; `undefined` before the first. */
type Turns = (written: Uint8Array | undefined) => Turn

/** How a connection may end: by a close, or by a reset. */
export const ends: ReadonlyArray<Socket.SocketErrorReason> = [
  new Socket.SocketCloseError({ code: 1000 }),
  new Socket.SocketReadError({ cause: new Error("read ECONNRESET") })
]

/** The answers of a service with connections; `onRead` is called each time that the plugin reads. */
export interface ConnectionService extends Service {
  /** Every connection leads to this peer. */
  readonly answersBy: (peer: () => Peer, onRead?: () => void) => Answer
  /** It answers as usual until the nth answer, takes this turn instead, and then does nothing more. */
  readonly failsAt: (nth: number, turn: Turn, onRead?: () => void) => Answer
  readonly refuses: (reason: Reason) => Answer
}

/** Makes the service that the options of a test describe. */
export const make = ({
  peer,
  postsNothing = () => false,
  read,
  refused = [],
  timed = (text) => text,
  validate = () => []
}: Pick<
  ConnectionOptions<never>,
  "peer" | "postsNothing" | "read" | "refused" | "timed" | "validate"
>): ConnectionService => {
  const by =
    (
      open: (endpoint: Endpoint) => Effect.Effect<Turns, DeliveryError>,
      {
        onRead,
        until = Effect.never
      }: { readonly onRead?: (() => void) | undefined; readonly until?: Effect.Effect<void> } = {}
    ): Answer =>
    (record) => {
      const connect = Effect.fnUntraced(function* (endpoint: Endpoint) {
        const chunks: Array<Uint8Array> = []
        const written = () => Uint8Array.from(chunks.flatMap((chunk) => [...chunk]))
        let isOpen = true
        record({
          origin: `${endpoint.tls === "starttls" ? "starttls" : endpoint.tls ? "tls" : "tcp"}://${endpoint.host}:${endpoint.port}`,
          wire: () => JSON.stringify([endpoint, timed(new TextDecoder().decode(written()))]),
          problems: () => validate(written()),
          shows: () => read?.(written()) ?? { blocks: [] },
          isIdempotent: () => false,
          postsNothing: () => postsNothing(written()),
          isOpen: () => isOpen
        })
        const close = Effect.sync(() => {
          isOpen = false
        })
        // Yields, because no service answers at once and other fibers run meanwhile.
        const answer = yield* Effect.onError(Effect.andThen(Effect.yieldNow, open(endpoint)), () => close)
        yield* Effect.addFinalizer(() => close)
        const frames = yield* Queue.unbounded<Uint8Array, Socket.SocketError>()
        let isEnded = false
        const take = Effect.fnUntraced(function* ({ ends, says }: Turn) {
          const bytes = toBytes(says)
          for (let at = 0; at < bytes.length; at += frameBytes) {
            yield* Queue.offer(frames, bytes.subarray(at, at + frameBytes))
          }
          if (ends === undefined) return
          isEnded = true
          yield* Queue.fail(frames, new Socket.SocketError({ reason: ends }))
        })
        yield* take(answer(undefined))
        yield* Effect.forkScoped(Effect.andThen(until, take({ says: "", ends: ends[0]! })))
        const write = Effect.fnUntraced(function* (chunk: Uint8Array | string | Socket.CloseEvent) {
          if (Socket.isCloseEvent(chunk)) return
          if (isEnded) return yield* new Socket.SocketError({ reason: notWritten })
          const bytes = toBytes(chunk)
          chunks.push(bytes)
          yield* take(answer(bytes))
        })
        return Socket.make({
          reader: Effect.succeed({
            pull: Effect.map(Queue.take(frames), (frame) => {
              onRead?.()
              return [frame] as const
            }),
            upgrade: () => Effect.void
          }),
          writer: Effect.succeed({ write, writeAll: (chunks) => Effect.forEach(chunks, write, { discard: true }) })
        })
      })
      const notHttp = HttpClient.make(() =>
        Effect.die(new Error("The plugin made an HTTP request, but the test has a `peer` for connections only"))
      )
      return Layer.merge(Layer.succeed(Connector, { connect }), Layer.succeed(HttpClient.HttpClient, notHttp))
    }

  const answersBy: ConnectionService["answersBy"] = (peer, onRead) =>
    by(() => Effect.sync(() => turns(peer())), { onRead })
  const refuses = (reason: Reason) => by(() => Effect.fail(new DeliveryError({ reason })))
  const failsAt: ConnectionService["failsAt"] = (nth, turn, onRead) =>
    by(
      () =>
        Effect.sync(() => {
          const usual = turns(peer())
          let said = 0
          return (written) => {
            if (said >= nth) return { says: "" }
            const next = usual(written)
            if (next.says.length > 0 || next.ends !== undefined) said++
            return said >= nth ? turn : next
          }
        }),
      { onRead }
    )
  const accepts = answersBy(peer)
  const unavailable = new Unavailable({ detail: "ECONNREFUSED" })
  return {
    answersBy,
    refuses,
    failsAt,
    isRead: read !== undefined,
    accepts,
    fails: (text) => [
      refuses(unavailable),
      ...ends.flatMap((ends) => [1, 2, 3].map((nth) => failsAt(nth, { says: `${text}\r\n`, ends })))
    ],
    otherwise: () => refused.map(([peer]) => answersBy(peer)),
    isAway: refuses(unavailable),
    hangs: [
      (wait) => by(() => Effect.andThen(wait, Effect.fail(new DeliveryError({ reason: unavailable })))),
      (wait) => by(() => Effect.succeed(() => ({ says: "" })), { until: wait })
    ]
  }
}

const turns =
  ({ answer, greeting = "" }: Peer): Turns =>
  (written) => {
    const says = written === undefined ? greeting : answer(written)
    return says === null ? { says: "", ends: ends[0]! } : { says }
  }

/** The size of the chunks in which the service sends. */
export const frameBytes = 1024

const notWritten = new Socket.SocketWriteError({ cause: new Error("write EPIPE") })

const toBytes = (text: Uint8Array | string): Uint8Array =>
  typeof text === "string" ? new TextEncoder().encode(text) : text
