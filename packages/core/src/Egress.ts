/**
 * Decides which destinations may be called (case S3).
 */
import { Context, type Effect, Schema } from "effect"

/** The destination may not be called; the message names the setting that would allow it. */
export class EgressRefused extends Schema.TaggedError<EgressRefused>()("EgressRefused", {
  message: Schema.String
}) {}

/** Decides which destinations may be called. The `Connector` checks again at each connection. */
export class Egress extends Context.Service<
  Egress,
  {
    /**
     * Refuses an origin (scheme, host, port) that may never be called. A name that does not resolve now is accepted.
     */
    readonly check: (origin: string) => Effect.Effect<void, EgressRefused>
  }
>()("@tocsin/core/Egress") {}
