/**
 * The outcome of a test send.
 */
import { Link } from "@tocsin/core"
import { Schema } from "effect"
import { failureReasons } from "./Integration.ts"

/** The outcome of the raised and the cleared notification of a test send. */
export const TestSend = Schema.Struct({
  items: Schema.Array(
    Schema.Struct({
      of: Schema.Literals(["Raised", "Cleared"]),
      status: Schema.Literals(["delivered", "failed", "trying", "skipped"]).annotateKey({
        description:
          "trying: unknown after 15 seconds; attempts continue for up to five minutes. skipped: not attempted, because the raise did not arrive."
      }),
      form: Schema.Literals(["rich", "plain"]).annotateKey({
        description: "plain if the service refused the rich one."
      }),
      reason: Schema.optionalKey(Schema.String).annotateKey({
        description: `Why the last attempt failed. ${failureReasons}`
      }),
      detail: Schema.optionalKey(Schema.String).annotateKey({ description: "The service's answer." }),
      until: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
        description:
          "The earliest time of the next attempt, because of a rate limit or a pause that the service asked for."
      }),
      link: Schema.optionalKey(Link).annotateKey({ description: "The message in its channel." })
    })
  ),
  tested: Schema.optionalKey(Schema.String).annotateKey({
    description:
      "Proves that both were delivered with unsaved settings. Pass it on when you create an integration with these settings within 15 minutes: the test counts as its last success."
  })
}).annotate({ identifier: "TestSend" })
