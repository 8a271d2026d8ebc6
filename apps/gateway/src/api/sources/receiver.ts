import { Conflict, type Taken } from "@tocsin/client"
import { type AlertEvent, InboundLimits } from "@tocsin/core"
import { Intake, type StoreUnavailable, UnreadableBodies } from "@tocsin/delivery"
import { readNumber } from "@tocsin/sources"
import { Array as Arr, DateTime, Effect, Option, Redacted } from "effect"
import type { HttpServerRequest } from "effect/http"
import { Settings } from "../../startup/settings/Settings.ts"
import { readBody } from "../body/readBody.ts"
import { readJson } from "../body/readJson.ts"
import { sentSecrets } from "../access/sentSecrets.ts"
import type { Inlet } from "./inlets.ts"
import { makeUnauthenticatedBodies } from "../body/unauthenticatedBodies.ts"
import { makeVerifySns } from "./sns/verifySns.ts"

type Keep = (why: string) => Effect.Effect<void, StoreUnavailable>

/**
 * Receives the bodies of sources. Unreadable bodies are kept for a person. The sender gets an error only if the body is
 * not JSON, because senders repeat refused bodies.
 */
export const makeReceiver = Effect.gen(function* () {
  const intake = yield* Intake
  const unreadable = yield* UnreadableBodies
  const { token } = yield* Settings

  const verifySns = yield* makeVerifySns

  const unauthenticated = makeUnauthenticatedBodies()

  /**
   * The gateway's token, and the credential that was sent, are redacted in kept bodies, whatever they look like; in JSON
   * they may be escaped.
   */
  const withoutToken = (text: string, sent: ReadonlyArray<Redacted.Redacted> = []) =>
    [...Option.toArray(token), ...sent]
      .map((secret) => Redacted.value(secret))
      .filter((secret) => secret.length >= 8)
      .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
      .reduce((text, written) => text.replaceAll(written, "<redacted>"), text)

  /** Accepts the readable events of a body; `keep` keeps the body if any part of it is unreadable. */
  const take = Effect.fnUntraced(function* (
    { configured, defaults, name, settings, type }: Inlet,
    body: unknown,
    keep: Keep
  ): Effect.fn.Return<typeof Taken.Type, StoreUnavailable> {
    const receivedAt = yield* DateTime.now
    const decoded = yield* type.decode(body, { source: name, settings, defaults, receivedAt })
    switch (decoded._tag) {
      case "Test":
        return { accepted: 0, unreadable: 0 }
      case "Unreadable":
        yield* keep(decoded.why)
        return { accepted: 0, unreadable: 1, why: decoded.why }
      case "Events": {
        const { events: decodedEvents, missed, notes = [] } = decoded
        const events = expiring(decodedEvents, configured?.options.expireAfter, receivedAt)
        // In parts, between which other requests use the store. A sender repeats a body of which a part could not be stored.
        yield* Effect.forEach(Arr.chunksOf(events, acceptedAtOnce), intake.accept, { discard: true })
        if (notes.length > 0) yield* intake.note(notes.map((note) => ({ source: name, ...note })))
        const accepted = events.length + notes.length
        if (missed === undefined) return { accepted, unreadable: 0 }
        yield* keep(missed.why)
        return { accepted, unreadable: missed.count, why: missed.why }
      }
    }
  })

  /** Accepts a body whose sender is known. Keeps one that is refused, because it may be an alert. */
  const verified = Effect.fnUntraced(function* (inlet: Inlet, body: unknown, keep: Keep) {
    yield* Effect.tapError(verifySns(inlet, body), (error) =>
      error._tag === "Forbidden" ? keep(error.detail ?? "Refused") : Effect.void
    )
    return yield* take(inlet, body, keep)
  })

  /** The body of a request as JSON text, and how to keep it. */
  const read = Effect.fnUntraced(function* ({ name, type }: Inlet, request: HttpServerRequest.HttpServerRequest) {
    const from = Option.getOrUndefined(request.remoteAddress)
    const sent = yield* readBody(request).pipe(
      // If a body is compressed, too long or in another charset, only the reason is kept.
      Effect.tapError(({ detail: why = "The body cannot be read" }) =>
        unreadable.keep({ source: name, why, body: "", isWhole: false, from })
      )
    )
    const text = type.toJson?.({ headers: request.headers, text: sent.text }) ?? sent.text
    const isWhole = sent.notUtf8At === undefined
    const keep: Keep = (why) =>
      unreadable.keep({ source: name, why, body: withoutToken(text, sentSecrets(request)), isWhole, from })
    return { body: { ...sent, text }, keep }
  })

  return {
    /** Receives a request of a source. */
    receive: Effect.fnUntraced(function* (inlet: Inlet, request: HttpServerRequest.HttpServerRequest) {
      const { body, keep } = yield* read(inlet, request)
      const { value } = yield* readJson(body, json).pipe(
        Effect.tapError(({ errors }) => keep(errors[0]?.message ?? "not JSON"))
      )
      return yield* verified(inlet, value, keep)
    }),
    /** Receives a request of a source that signs its bodies. Keeps nothing of a body whose signature is wrong. */
    receiveSigned: Effect.fnUntraced(function* <E, R>(
      inlet: Inlet,
      request: HttpServerRequest.HttpServerRequest,
      check: (bytes: Buffer) => Effect.Effect<void, E, R>
    ) {
      const sent = yield* unauthenticated((onBytes) =>
        Effect.tap(readBody(request, { max: InboundLimits.maxBodyBytes, onBytes }), ({ bytes }) => check(bytes))
      )
      const from = Option.getOrUndefined(request.remoteAddress)
      const text = inlet.type.toJson?.({ headers: request.headers, text: sent.text }) ?? sent.text
      const isWhole = sent.notUtf8At === undefined
      const keep: Keep = (why) => unreadable.keep({ source: inlet.name, why, body: withoutToken(text), isWhole, from })
      const { value } = yield* readJson({ ...sent, text }, json).pipe(
        Effect.tapError(({ errors }) => keep(errors[0]?.message ?? "not JSON"))
      )
      return yield* verified(inlet, value, keep)
    }),
    /**
     * Receives a request of at most `max` bytes whose body contains the credential. Keeps nothing of unauthorized
     * bodies.
     */
    receiveIf: Effect.fnUntraced(function* <E, R>(
      request: HttpServerRequest.HttpServerRequest,
      {
        check,
        credentialOf,
        max
      }: {
        readonly max: number
        readonly credentialOf: (value: unknown) => Redacted.Redacted
        readonly check: (credential: Redacted.Redacted) => Effect.Effect<Inlet, E, R>
      }
    ) {
      const { credential, inlet, sent, value } = yield* unauthenticated((onBytes) =>
        Effect.gen(function* () {
          const sent = yield* readBody(request, { max, onBytes })
          const { value } = yield* readJson(sent, json)
          const credential = credentialOf(value)
          const inlet = yield* check(credential)
          return { credential, inlet, sent, value }
        })
      )
      const from = Option.getOrUndefined(request.remoteAddress)
      const taken = yield* take(inlet, value, (why) =>
        unreadable.keep({
          source: inlet.name,
          why,
          body: withoutToken(sent.text, [credential]),
          isWhole: true,
          from
        })
      )
      return { inlet, taken, value }
    }),
    /** Reads a kept body again. */
    replay: Effect.fnUntraced(function* (inlet: Inlet, kept: string) {
      const { value } = yield* readJson({ text: kept, notUtf8At: undefined }, json).pipe(
        Effect.mapError(
          ({ detail = "The body is not JSON" }) =>
            new Conflict({ detail: `${detail}. It stays: let its source send JSON` })
        )
      )
      yield* Effect.mapError(
        verifySns(inlet, value),
        ({ detail = "It is refused" }) => new Conflict({ detail: `${detail}. It stays` })
      )
      return yield* take(inlet, value, () => Effect.void)
    })
  }
})

/** Sets the time at which alerts expire that the source does not repeat, if one is configured. */
const expiring = (
  events: ReadonlyArray<AlertEvent>,
  expireAfter: number | undefined,
  receivedAt: DateTime.Utc
): ReadonlyArray<AlertEvent> => {
  if (expireAfter === undefined) return events
  const expiresAt = DateTime.add(receivedAt, { seconds: expireAfter })
  return events.map((event) => (event.state === "raised" ? { ...event, expiresAt } : event))
}

/** The most alerts that a transaction accepts from a source: more would block the event loop. Prometheus sends at most as many. */
const acceptedAtOnce = 256

/** Options that keep every digit of ids. */
const json = { maxValues: InboundLimits.maxValues, repeated: "last", number: readNumber } as const
