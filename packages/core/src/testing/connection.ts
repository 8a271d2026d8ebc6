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

/** What the service does at one turn: it says something, ends the connection after that, or both. */
interface Turn {
  readonly says: Uint8Array | string
  readonly ends?: Socket.SocketErrorReason
}

/** The service's end as a function of what was written; `undefined` is before that. */
type Turns = (written: Uint8Array | undefined) => Turn

/** How a connection may end: as it should, or by a reset. */
export const ends: ReadonlyArray<Socket.SocketErrorReason> = [
  new Socket.SocketCloseError({ code: 1000 }),
  new Socket.SocketReadError({ cause: new Error("read ECONNRESET") })
]

/** How it may answer, beyond what every service does; `onRead` is called each time that the plugin reads. */
export interface ConnectionService extends Service {
  /** This is at the other end of every connection. */
  readonly answersBy: (peer: () => Peer, onRead?: () => void) => Answer
  /** It takes the message, but for the nth time that it says something: there it does this, and then nothing more. */
  readonly failsAt: (nth: number, turn: Turn, onRead?: () => void) => Answer
  /** No connection can be had. */
  readonly refuses: (reason: Reason) => Answer
}

/** Makes the service that the options of a test describe. */
export const make = ({
  peer,
  postsNothing = () => false,
  read,
  refused = [],
  validate = () => []
}: Pick<ConnectionOptions<never>, "peer" | "postsNothing" | "read" | "refused" | "validate">): ConnectionService => {
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
          origin: `${endpoint.tls ? "tls" : "tcp"}://${endpoint.host}:${endpoint.port}`,
          wire: () => JSON.stringify([endpoint, new TextDecoder().decode(written())]),
          problems: () => validate(written()),
          shows: () => read?.(written()) ?? { blocks: [] },
          isIdempotent: () => false,
          postsNothing: () => postsNothing(written()),
          isOpen: () => isOpen
        })
        const close = Effect.sync(() => {
          isOpen = false
        })
        // No service answers at once: what else is under way goes on meanwhile.
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
      const notHttp = HttpClient.make(() => Effect.die(new Error("The test does not say how to answer requests")))
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

/** As much as comes at once. */
export const frameBytes = 1024

const notWritten = new Socket.SocketWriteError({ cause: new Error("write EPIPE") })

const toBytes = (text: Uint8Array | string): Uint8Array =>
  typeof text === "string" ? new TextEncoder().encode(text) : text
