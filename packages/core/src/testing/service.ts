/**
 * The service under test, as the checks for every plugin need it.
 */
import type { Effect, Layer } from "effect"
import type { HttpClient } from "effect/http"
import type { Connector } from "../Connector.ts"
import type { Preview } from "../Preview.ts"

/** What was sent to the service: a request, or all that was written on one connection. */
export interface Sent {
  /** Where to: scheme, host and port. */
  readonly origin: string
  /** All of it, as text. */
  readonly wire: () => string
  /** What the service's documentation forbids in it. */
  readonly problems: () => ReadonlyArray<string>
  /** What a person sees of it; of nothing, where the test does not say. */
  readonly shows: () => Preview
  /** Whether it may be sent twice. */
  readonly isIdempotent: () => boolean
  readonly postsNothing: () => boolean
  /** Whether it waits for an answer, or its connection has not ended. */
  readonly isOpen: () => boolean
}

/** One way in which the service takes what is sent: it makes the world in which the plugin works, and records there. */
export type Answer = (record: (sent: Sent) => void) => Layer.Layer<HttpClient.HttpClient | Connector>

/** How the service may take what is sent, whatever its protocol is. */
export interface Service {
  /** Whether the test says what a person sees of what is sent. */
  readonly isRead: boolean
  /** It takes the message. */
  readonly accepts: Answer
  /** It fails, each time in another way, and says this where it says something. */
  readonly fails: (text: string) => ReadonlyArray<Answer>
  /** It refuses in its own ways, or answers with this where its own answer should stand. */
  readonly otherwise: (text: string) => ReadonlyArray<Answer>
  /** No connection can be had. */
  readonly isAway: Answer
  /** It does not answer, or not to the end; where that is an effect, it does nothing but `wait`. */
  readonly hangs: ReadonlyArray<(wait: Effect.Effect<void>) => Answer>
}
