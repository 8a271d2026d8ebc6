/**
 * The options of the conformance checks: a plugin and its service.
 */
import type { Effect, Layer, Schema } from "effect"
import type { HttpClient, HttpClientRequest } from "effect/http"
import type { Connector } from "../Connector.ts"
import type { Reason } from "../DeliveryError.ts"
import type { Arbitrary } from "effect"
import type { FakeService } from "../fakes/FakeService.ts"
import type { Preview } from "../Preview.ts"

/** Options for every plugin. */
export interface Common<Self> {
  /** The layer of the plugin; it may need an HTTP client or a connector only. */
  readonly layer: Layer.Layer<Self, never, HttpClient.HttpClient | Connector>
  /** Valid settings, as the JSON of an integration carries them; other ones than the plugin's `example`. */
  readonly settings: Schema.Json
  /** Settings as older versions stored them, at least one of each; needed from `settingsVersion` 2 on. */
  readonly older?: ReadonlyArray<{ readonly version: number; readonly settings: Schema.Json }>
  /** The parts of those settings that must never be printed. */
  readonly secrets: ReadonlyArray<string>
  /**
   * How the checks with "any notification" generate: the seed is fixed, so that every run is the same. Set another one to search
   * further, and `replay` to the token that a failure printed to run just that notification again.
   */
  readonly generate?: { readonly seed?: number; readonly replay?: Arbitrary.Replay }
}

/**
 * The reason that a refusal stands for: its tag, or the whole reason, of which everything except `detail` must be equal. A
 * `RateLimited` is always given whole, because a wait in milliseconds that is read as seconds has the right tag, too.
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
  /** Statuses that this service uses in another way than others do. */
  readonly statuses?: { readonly [status: number]: Reason["_tag"] }
  /** What the service's documentation forbids in a request, one sentence a problem; none for a good one. */
  readonly validate?: (request: HttpClientRequest.HttpClientRequest) => ReadonlyArray<string>
  /**
   * What a person sees of a request, read from the request alone: every text and link, escapes undone. It is held
   * against the plugin's `preview`, which needs it, and against `sizes`. A fake's `see` is one.
   */
  readonly read?: (request: HttpClientRequest.HttpClientRequest) => Preview
  /** The plugin's fake, as its service usually is: it must be understood also where it misbehaves. */
  readonly fake?: () => FakeService
  /**
   * Headers, in lowercase, that say when the attempt was made, such as `webhook-timestamp` and a signature over it: two requests
   * that differ in nothing else are the same.
   */
  readonly timed?: ReadonlyArray<string>
  /** Whether a request may be made twice; PUT, GET and DELETE may, where this is absent. */
  readonly idempotent?: (request: HttpClientRequest.HttpClientRequest) => boolean
  /** Whether a request of `verify` posts nothing; GET and HEAD do, where this is absent. */
  readonly postsNothing?: (request: HttpClientRequest.HttpClientRequest) => boolean
}

/** Options for a plugin that opens connections with the `Connector`. */
export interface ConnectionOptions<Self> extends Common<Self> {
  readonly accepted?: never
  /** The service's end of each connection: it takes every message. */
  readonly peer: () => Peer
  /** Services that refuse, each with the reason that it stands for. */
  readonly refused?: ReadonlyArray<readonly [peer: () => Peer, reason: Expected]>
  /** What the service's documentation forbids in what was written on a connection, one sentence a problem. */
  readonly validate?: (written: Uint8Array) => ReadonlyArray<string>
  /** What a person sees of what was written on a connection, as `read` of a request does. */
  readonly read?: (written: Uint8Array) => Preview
  /** Whether what `verify` wrote on a connection posts nothing; needed where the plugin can verify. */
  readonly postsNothing?: (written: Uint8Array) => boolean
}

/** One thing that a plugin must do: `run` dies, with what was expected, where it doesn't. It moves the test clock. */
export interface Check {
  readonly name: string
  readonly run: Effect.Effect<unknown>
}

/** The service's end of one connection. */
export interface Peer {
  /** What it says before anything was written. */
  readonly greeting?: Uint8Array | string
  /** What it says to what was written just now: `""` is nothing, and `null` ends the connection. */
  readonly answer: (written: Uint8Array) => Uint8Array | string | null
}
