/**
 * The outcome of a test send.
 */
import { Link } from "@tocsin/core"
import { Schema } from "effect"
import { failureReasons } from "./Integration.ts"

/** What became of the raised and the cleared notification of a test send. */
export const TestSend = Schema.Struct({
  items: Schema.Array(
    Schema.Struct({
      of: Schema.Literals(["Raised", "Cleared"]),
      status: Schema.Literals(["delivered", "failed", "trying", "skipped"]).annotateKey({
        description:
          "trying: not known after 15 seconds; it goes on for up to five minutes. skipped: not tried, because the raise did not arrive."
      }),
      form: Schema.Literals(["rich", "plain"]).annotateKey({
        description: "plain if the service refused the rich one."
      }),
      reason: Schema.optionalKey(Schema.String).annotateKey({
        description: `Why the last attempt failed. ${failureReasons}`
      }),
      detail: Schema.optionalKey(Schema.String).annotateKey({ description: "What the service said." }),
      until: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
        description: "Not tried before this time, because of a rate limit or because the service asked for it."
      }),
      link: Schema.optionalKey(Link).annotateKey({ description: "Where the message can be seen." })
    })
  )
}).annotate({ identifier: "TestSend" })
