import { Schema } from "effect"

/** Why an integration is broken, as a typed client reads it. */
const Broken = Schema.Struct({ reason: Schema.String, since: Schema.DateTimeUtc })

/** Why it waits, likewise. */
const Waiting = Schema.Struct({ because: Schema.String, until: Schema.DateTimeUtc })

/** Why the last attempt failed, likewise. */
const Failure = Schema.Struct({ at: Schema.DateTimeUtc, reason: Schema.String })

/** Who paused it, likewise. */
const Paused = Schema.Struct({ since: Schema.DateTimeUtc, reason: Schema.String, by: Schema.String })

/** What the gateway makes itself; accepted in a request, so that what was read can be sent back. */
export const ignored = Schema.optionalKey(
  Schema.Union([Schema.DateTimeUtc, Broken, Waiting, Failure, Paused, Schema.Json])
).annotateKey({
  description: "Made by the gateway: ignored here, so that what was read can be sent back.",
  readOnly: true
})
