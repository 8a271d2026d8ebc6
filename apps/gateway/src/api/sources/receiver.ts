import { Conflict, type Taken } from "@tocsin/client"
import { InboundLimits } from "@tocsin/core"
import { Intake, type StoreUnavailable, UnreadableBodies } from "@tocsin/delivery"
import { readNumber, type Source, ThousandEyes } from "@tocsin/sources"
import { Array as Arr, DateTime, Effect, Option, Redacted } from "effect"
import type { HttpServerRequest } from "effect/http"
import { Settings } from "../../startup/Settings.ts"
import { readBody } from "../body/readBody.ts"
import { readJson } from "../body/readJson.ts"
import { makeUnauthenticatedBodies } from "../body/unauthenticatedBodies.ts"

type Keep = (why: string) => Effect.Effect<void, StoreUnavailable>

/**
 * Receives the bodies of sources. Unreadable bodies are kept for a person. The sender gets an error only if the body is
 * not JSON, because senders repeat refused bodies.
 */
export const makeReceiver = Effect.gen(function* () {
  const intake = yield* Intake
  const unreadable = yield* UnreadableBodies
  const { thousandEyesTimeZone, thousandEyesViewsUrl: viewsUrl, token } = yield* Settings

  const unauthenticated = makeUnauthenticatedBodies()

  /** The gateway's token is redacted in kept bodies, whatever it looks like; in JSON it may be escaped. */
  const withoutToken = (text: string) =>
    Option.match(token, {
      onNone: () => text,
      onSome: (token) =>
        [Redacted.value(token), JSON.stringify(Redacted.value(token)).slice(1, -1)].reduce(
          (text, written) => text.replaceAll(written, "<redacted>"),
          text
        )
    })

  const optionsOf = (source: string, receivedAt: DateTime.Utc) =>
    source === ThousandEyes.type
      ? { source, timezone: thousandEyesTimeZone, viewsUrl, receivedAt }
      : { source, timezone: "UTC", receivedAt }

  /** Accepts the readable events of a body; `keep` keeps the body if any part of it is unreadable. */
  const take = Effect.fnUntraced(function* (
    { decode, type }: Source,
    body: unknown,
    keep: Keep
  ): Effect.fn.Return<typeof Taken.Type, StoreUnavailable> {
    const decoded = yield* decode(body, optionsOf(type, yield* DateTime.now))
    switch (decoded._tag) {
      case "Test":
        return { accepted: 0, unreadable: 0 }
      case "Unreadable":
        yield* keep(decoded.why)
        return { accepted: 0, unreadable: 1, why: decoded.why }
      case "Events": {
        const { events, missed, notes = [] } = decoded
        // In parts, between which other requests use the store. A sender repeats a body of which a part could not be stored.
        yield* Effect.forEach(Arr.chunksOf(events, acceptedAtOnce), intake.accept, { discard: true })
        if (notes.length > 0) yield* intake.note(notes.map((note) => ({ source: type, ...note })))
        const accepted = events.length + notes.length
        if (missed === undefined) return { accepted, unreadable: 0 }
        yield* keep(missed.why)
        return { accepted, unreadable: missed.count, why: missed.why }
      }
    }
  })

  /** The body of a request as JSON text, and how to keep it. */
  const read = Effect.fnUntraced(function* (source: Source, request: HttpServerRequest.HttpServerRequest) {
    const from = Option.getOrUndefined(request.remoteAddress)
    const sent = yield* readBody(request).pipe(
      // If a body is compressed, too long or in another charset, only the reason is kept.
      Effect.tapError(({ detail: why = "The body cannot be read" }) =>
        unreadable.keep({ source: source.type, why, body: "", isWhole: false, from })
      )
    )
    const text = source.toJson?.({ headers: request.headers, text: sent.text }) ?? sent.text
    const isWhole = sent.notUtf8At === undefined
    const keep: Keep = (why) => unreadable.keep({ source: source.type, why, body: withoutToken(text), isWhole, from })
    return { body: { ...sent, text }, keep }
  })

  return {
    /** Receives a request of a source. */
    receive: Effect.fnUntraced(function* (source: Source, request: HttpServerRequest.HttpServerRequest) {
      const { body, keep } = yield* read(source, request)
      const { value } = yield* readJson(body, json).pipe(
        Effect.tapError(({ errors }) => keep(errors[0]?.message ?? "not JSON"))
      )
      return yield* take(source, value, keep)
    }),
    /**
     * Receives a request of at most `max` bytes whose body contains the credential. Keeps nothing of unauthorized
     * bodies.
     */
    receiveIf: Effect.fnUntraced(function* <E, R>(
      source: Source,
      request: HttpServerRequest.HttpServerRequest,
      max: number,
      check: (value: unknown) => Effect.Effect<void, E, R>
    ) {
      const { sent, value } = yield* unauthenticated((onBytes) =>
        Effect.gen(function* () {
          const sent = yield* readBody(request, { max, onBytes })
          const { value } = yield* readJson(sent, json)
          yield* check(value)
          return { sent, value }
        })
      )
      const from = Option.getOrUndefined(request.remoteAddress)
      const taken = yield* take(source, value, (why) =>
        unreadable.keep({ source: source.type, why, body: withoutToken(sent.text), isWhole: true, from })
      )
      return { taken, value }
    }),
    /** Reads a kept body again. */
    replay: Effect.fnUntraced(function* (source: Source, kept: string) {
      const { value } = yield* readJson({ text: kept, notUtf8At: undefined }, json).pipe(
        Effect.mapError(
          ({ detail = "The body is not JSON" }) =>
            new Conflict({ detail: `${detail}. It stays: let its source send JSON` })
        )
      )
      return yield* take(source, value, () => Effect.void)
    })
  }
})

/** The most alerts that a transaction accepts from a source: more would block the event loop. Prometheus sends at most as many. */
const acceptedAtOnce = 256

/** Options that keep every digit of ids. */
const json = { maxValues: InboundLimits.maxValues, repeated: "last", number: readNumber } as const
