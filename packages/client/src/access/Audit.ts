/**
 * The audit log: every change that a caller made.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { list, page } from "../lists.ts"
import { says } from "../says.ts"
import { needs } from "./Scope.ts"

/** One change that a caller made. */
export const AuditEntry = Schema.Struct({
  at: Schema.DateTimeUtc,
  by: Schema.String.annotateKey({
    description: "Who: the name of a key or of a user that a proxy signed in, TOCSIN_TOKEN, or this machine."
  }),
  key: Schema.optionalKey(Schema.String).annotateKey({ description: "The id of the API key that was used." }),
  address: Schema.String.annotateKey({ description: "The network address that it came from." }),
  action: Schema.String.annotateKey({ description: "What was done, such as created, replaced or removed." }),
  kind: Schema.Literals([
    "alert",
    "backup",
    "delivery",
    "integration",
    "key",
    "rule",
    "session",
    "source",
    "unreadable"
  ]),
  id: Schema.String.annotateKey({ description: "The id of the thing; empty if there were many." }),
  before: Schema.optionalKey(Schema.Json).annotateKey({ description: "The thing before the change, without secrets." }),
  after: Schema.optionalKey(Schema.Json).annotateKey({ description: "The thing after the change, without secrets." })
}).annotate({ identifier: "AuditEntry" })

/** The audit log. */
export class AuditApi extends HttpApiGroup.make("audit")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: {
        ...page,
        kind: Schema.optionalKey(AuditEntry.fields.kind),
        id: Schema.optionalKey(Schema.String).annotateKey({ description: "The id of the thing that was changed." })
      },
      success: list(AuditEntry)
    }).annotateMerge(
      says(
        "The audit log, newest first",
        "Every change that a caller made: written in the transaction of the change, and kept as long as history."
      )
    )
  )
  .prefix("/v1/audit")
  .annotateMerge(needs("admin"))
  .annotateMerge(OpenApi.annotations({ description: "Who changed what." })) {}
