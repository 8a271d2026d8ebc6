import { Schema } from "effect"

/** What the gateway makes itself; accepted in a request, so that what was read can be sent back. */
export const ignored = Schema.optionalKey(Schema.Unknown).annotateKey({
  description: "Made by the gateway: ignored here, so that what was read can be sent back.",
  readOnly: true
})
