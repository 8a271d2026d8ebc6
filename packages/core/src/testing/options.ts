/**
 * The options of the conformance checks: a plugin and its service.
 */
import type { Effect, Layer, Schema } from "effect"
import type { HttpClient, HttpClientRequest } from "effect/http"
import type { Connector } from "../Connector.ts"
import type { Reason } from "../DeliveryError.ts"
import type { Arbitrary } from "effect"
import type { FakeService, Peer } from "../fakes/FakeService.ts"
import type { Preview } from "../Preview.ts"

/** Options for every plugin. */
export interface Common<Self> {
  /** The layer of the plugin. It may need an HTTP client or a connector, and nothing else. */
  readonly layer: Layer.Layer<Self, never, HttpClient.HttpClient | Connector>
  /** Valid settings, as in the JSON of an integration; different from the plugin's `example`. */
  readonly settings: Schema.Json
  /** Settings as older versions stored them, at least one of each version; required from `settingsVersion` 2 on. */
  readonly older?: ReadonlyArray<{ readonly version: number; readonly settings: Schema.Json }>
  /** The parts of those settings that must never be printed. */
  readonly secrets: ReadonlyArray<string>
  /**
   * How the checks with "any notification" generate notifications. The seed is fixed, so that every run is the same.
   * Set another `seed` to search further, or `replay` to the token that a failure printed to run that notification
   * alone.
   */
  readonly generate?: { readonly seed?: number; readonly replay?: Arbitrary.Replay }
}

/**
 * The reason that a refusal stands for: its tag, or the whole reason, of which everything except `detail` must be
 * equal. A `RateLimited` must be given whole, because a wait in milliseconds that is read as seconds has the right tag,
 * too.
 */
export type Expected = Exclude<Reason["_tag"], "RateLimited"> | Reason

/** The tag of an expected reason. */
export const tagOf = (reason: Expected): Reason["_tag"] => (typeof reason === "string" ? reason : reason._tag)

/** Options for a plugin that sends HTTP requests. */
export interface Options<Self> extends Common<Self> {
  readonly peer?: never
  /** The service's answer to an accepted message. */
  readonly accepted: () => Response
  /** Answers of the service that are refusals, each with the reason that it stands for. */
  readonly refused?: ReadonlyArray<readonly [answer: () => Response, reason: Expected]>
  /** Statuses to which this service gives another meaning than usual: another reason, or that the message is delivered. */
  readonly statuses?: { readonly [status: number]: Reason["_tag"] | "delivered" }
  /**
   * Checks a request against the service's documentation. Returns one sentence for each problem; none for a valid
   * request.
   */
  readonly validate?: (request: HttpClientRequest.HttpClientRequest) => ReadonlyArray<string>
  /**
   * Reads the message that a person sees from a request: every text and link, with escapes undone. It is compared with
   * the plugin's `preview` and with `sizes`; a plugin with a `preview` needs it. Returns
   * `{ blocks: [] }` for a request that shows nothing, such as one for a token.
   */
  readonly read?: (request: HttpClientRequest.HttpClientRequest) => Preview
  /** Makes the plugin's fake. The checks deliver to it, both while it works and while it misbehaves. */
  readonly fake?: () => FakeService
  /**
   * Headers, in lowercase, that depend on the time of the attempt, such as `webhook-timestamp` and a signature over it:
   * two requests that differ only in these are the same.
   */
  readonly timed?: ReadonlyArray<string>
  /** Whether a request may be made twice. When absent, PUT, GET and DELETE may. */
  readonly idempotent?: (request: HttpClientRequest.HttpClientRequest) => boolean
  /** Whether a request of `verify` posts nothing. When absent, GET and HEAD post nothing. */
  readonly postsNothing?: (request: HttpClientRequest.HttpClientRequest) => boolean
}

/** Options for a plugin that opens connections with the `Connector`. */
export interface ConnectionOptions<Self> extends Common<Self> {
  readonly accepted?: never
  /** Makes the service's end of a connection, which accepts every message. */
  readonly peer: () => Peer
  /** Services that refuse, each with the reason that it stands for. */
  readonly refused?: ReadonlyArray<readonly [peer: () => Peer, reason: Expected]>
  /**
   * Checks the bytes that were written on a connection against the service's documentation. Returns one sentence for
   * each problem.
   */
  readonly validate?: (written: Uint8Array) => ReadonlyArray<string>
  /**
   * Removes what depends on the time of the attempt from the text that was written, such as an e-mail's `Date`: two
   * texts that differ only in it are the same.
   */
  readonly timed?: (written: string) => string
  /** Reads the message that a person sees from the bytes that were written on a connection. */
  readonly read?: (written: Uint8Array) => Preview
  /** Whether the bytes that `verify` wrote on a connection post nothing; required if the plugin can verify. */
  readonly postsNothing?: (written: Uint8Array) => boolean
}

/**
 * One requirement of a plugin. `run` dies with the expectation if the plugin does not meet it. It moves the test clock.
 */
export interface Check {
  readonly name: string
  readonly run: Effect.Effect<unknown>
}

export type { Peer }
