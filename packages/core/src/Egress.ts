/**
 * Which destinations may be called at all (case S3).
 */
import { Context, type Effect, Schema } from "effect"

/** A destination that may not be called; the message says which setting would allow it. */
export class EgressRefused extends Schema.TaggedError<EgressRefused>()("EgressRefused", {
  message: Schema.String
}) {}

/** Decides which destinations may be called. The connector decides again, each time when it connects. */
export class Egress extends Context.Service<
  Egress,
  {
    /** Refuses an origin (scheme, host, port) that could never be called. A name that does not resolve now is none of these. */
    readonly check: (origin: string) => Effect.Effect<void, EgressRefused>
  }
>()("@tocsin/core/Egress") {}
