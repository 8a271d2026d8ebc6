import { Schema } from "effect"

/** Why an integration is broken, as a typed client reads it. */
const Broken = Schema.Struct({ reason: Schema.String, since: Schema.DateTimeUtc })

/** Why an integration waits, likewise. */
const Waiting = Schema.Struct({ because: Schema.String, until: Schema.DateTimeUtc })

/** Why the last attempt failed, likewise. */
const Failure = Schema.Struct({ at: Schema.DateTimeUtc, reason: Schema.String })

/** Who paused an integration, likewise. */
const Paused = Schema.Struct({ since: Schema.DateTimeUtc, reason: Schema.String, by: Schema.String })

/** Fields that the gateway sets; accepted in a request, so that a client can send back what it read. */
export const ignored = Schema.optionalKey(
  Schema.Union([Schema.DateTimeUtc, Broken, Waiting, Failure, Paused, Schema.Json])
).annotateKey({
  description: "Set by the gateway, and ignored in requests.",
  readOnly: true
})
