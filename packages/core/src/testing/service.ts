/**
 * The service under test, as the checks for every plugin need it.
 */
import type { Effect, Layer } from "effect"
import type { HttpClient } from "effect/http"
import type { Connector } from "../Connector.ts"
import type { Preview } from "../Preview.ts"

/** A request, or everything that was written on one connection. */
export interface Sent {
  /** The destination: scheme, host and port. */
  readonly origin: string
  /** The whole request, or all that was written, as text. */
  readonly wire: () => string
  /** Violations of the service's documentation. */
  readonly problems: () => ReadonlyArray<string>
  /** The message that a person sees; empty if the test has no `read`. */
  readonly shows: () => Preview
  /** Whether it may be sent twice. */
  readonly isIdempotent: () => boolean
  readonly postsNothing: () => boolean
  /** Whether it still waits for an answer, or its connection has not ended. */
  readonly isOpen: () => boolean
}

/** One behaviour of the service: makes the layer with which the plugin runs, and records what the plugin sends. */
export type Answer = (record: (sent: Sent) => void) => Layer.Layer<HttpClient.HttpClient | Connector>

/** The behaviours of a service that exist for every protocol. */
export interface Service {
  /** Whether the test has a `read`. */
  readonly isRead: boolean
  /** It accepts the message. */
  readonly accepts: Answer
  /** It fails, each time in another way; its answers contain this text. */
  readonly fails: (text: string) => ReadonlyArray<Answer>
  /** It refuses in its own ways, or answers with this text instead of its usual answer. */
  readonly otherwise: (text: string) => ReadonlyArray<Answer>
  /** No connection can be opened. */
  readonly isAway: Answer
  /** It does not answer, or not to the end, until `wait` has ended. */
  readonly hangs: ReadonlyArray<(wait: Effect.Effect<void>) => Answer>
}
