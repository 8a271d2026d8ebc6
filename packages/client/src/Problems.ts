/**
 * The API's errors: problem documents (RFC 9457) with the position, the expected value and a remedy. None repeats the
 * request's values.
 */
import { Schema } from "effect"
import { ProblemDetails } from "effect/http"
import { HttpApiError } from "effect/http-api"

/** One thing that is wrong with a request. */
export const InvalidPart = Schema.Struct({
  path: Schema.String.annotateKey({
    description:
      "Where: a JSON Pointer into the body (RFC 6901), empty for the whole of it; `query:/limit` is in the query, `params:/id` in the path."
  }),
  expected: Schema.String.annotateKey({ description: "What was expected." }),
  message: Schema.String.annotateKey({ description: "The same as a sentence." })
})

/** The request is invalid; nothing was changed. */
export class InvalidRequest extends HttpApiError.Problem<InvalidRequest>()(
  "InvalidRequest",
  { type: ProblemDetails.blankType, status: 400, title: "Invalid request" },
  { errors: Schema.Array(InvalidPart) }
) {}

/** The token is missing or wrong. */
export class Unauthorized extends HttpApiError.Problem<Unauthorized>()("Unauthorized", {
  type: ProblemDetails.blankType,
  status: 401,
  title: "The token is missing or wrong"
}) {}

/**
 * The caller's address sent too many wrong tokens. Retry after `Retry-After` seconds; the right token is accepted at
 * once.
 */
export class TooManyAttempts extends HttpApiError.Problem<TooManyAttempts>()("TooManyAttempts", {
  type: ProblemDetails.blankType,
  status: 429,
  title: "Too many wrong tokens"
}) {}

/** The caller is authenticated and may not do this; the detail says why. */
export class Forbidden extends HttpApiError.Problem<Forbidden>()("Forbidden", {
  type: ProblemDetails.blankType,
  status: 403,
  title: "This is not allowed"
}) {}

/** Nothing has this id. */
export class NotFound extends HttpApiError.Problem<NotFound>()("NotFound", {
  type: ProblemDetails.blankType,
  status: 404,
  title: "There is nothing of this id"
}) {}

/** The id is in use, or the thing to remove is still referenced. */
export class Conflict extends HttpApiError.Problem<Conflict>()("Conflict", {
  type: ProblemDetails.blankType,
  status: 409,
  title: "Conflict"
}) {}

/** It was edited since it was read: read it again, and repeat the edit. */
export class PreconditionFailed extends HttpApiError.Problem<PreconditionFailed>()("PreconditionFailed", {
  type: ProblemDetails.blankType,
  status: 412,
  title: "It was edited since it was read"
}) {}

/** The body is longer than the route accepts: 4 MiB, 512 KB for an event for PagerDuty, 32 KiB for a sign-in. */
export class TooLarge extends HttpApiError.Problem<TooLarge>()("TooLarge", {
  type: ProblemDetails.blankType,
  status: 413,
  title: "The body is too large"
}) {}

/** The body is compressed, or not in UTF-8. */
export class UnsupportedMediaType extends HttpApiError.Problem<UnsupportedMediaType>()("UnsupportedMediaType", {
  type: ProblemDetails.blankType,
  status: 415,
  title: "The body is not plain UTF-8"
}) {}

/** The store is unavailable, and nothing was stored. Send the request again after `Retry-After` seconds. */
export class StoreUnavailable extends HttpApiError.Problem<StoreUnavailable>()(
  "StoreUnavailable",
  { type: ProblemDetails.blankType, status: 503, title: "The store is not available" },
  {
    problem: Schema.String.annotateKey({
      description: "The name of the problem, such as `DiskFull`, `ReadOnly`, `TooManyConnections` or `Unreachable`."
    })
  }
) {}

/** One thing that the gateway needs. */
export const Dependency = Schema.Struct({
  name: Schema.Literals(["store", "partitions", "key", "plugins"]).annotateKey({
    description:
      "store: the database accepts writes. partitions: each lane has a gateway. key: it opens the settings of the enabled integrations. plugins: each of their types is installed."
  }),
  status: Schema.Literals(["ok", "failed", "unknown"]).annotateKey({
    description: "unknown: the store, which would say it, cannot be read."
  }),
  detail: Schema.optionalKey(Schema.String).annotateKey({ description: "What is wrong, and what to do." })
}).annotate({ identifier: "Dependency" })

/** Alerts cannot be accepted; `dependencies` say why. Look again after `Retry-After` seconds. */
export class NotReady extends HttpApiError.Problem<NotReady>()(
  "NotReady",
  { type: ProblemDetails.blankType, status: 503, title: "Alerts cannot be accepted" },
  { dependencies: Schema.Array(Dependency) }
) {}
