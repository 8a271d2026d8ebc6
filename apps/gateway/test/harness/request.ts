/**
 * A request to the gateway, and its answer.
 */
import type { Effect, Schema } from "effect"
import type { HttpClientError, HttpMethod } from "effect/http"

/** What the gateway answered. */
export interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string | undefined }
  readonly text: string
  /** The JSON in the body, decoded. */
  readonly as: <A>(schema: Schema.Codec<A, any>) => A
}

/** Sends a request to the gateway. */
export type Request = (
  method: HttpMethod.HttpMethod,
  path: string,
  body?: unknown,
  headers?: { readonly [name: string]: string }
) => Effect.Effect<Answer, HttpClientError.HttpClientError>
