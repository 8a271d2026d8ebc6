/**
 * The integrations: configured channels.
 */
import { DeliveryOptions, IntegrationId, Limits } from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { ifMatch, withETag } from "./etags.ts"
import { list } from "./lists.ts"
import { Conflict, InvalidRequest, NotFound, PreconditionFailed, StoreUnavailable } from "./Problems.ts"

const entered = {
  name: Schema.NonEmptyString,
  /** The type of an installed plugin, such as `slack`; see `GET /v1/plugins`. */
  type: Schema.NonEmptyString,
  /** The plugin's settings. A secret that a replacement leaves out stays as it is. */
  settings: Schema.Record(Schema.String, Schema.Json),
  limits: Schema.optionalKey(Limits),
  /** The integration that stands in when this one cannot be reached. */
  fallback: Schema.optionalKey(IntegrationId),
  delivery: Schema.optionalKey(DeliveryOptions)
}

/** What the gateway adds; accepted in a request, so that what was read can be sent back, and ignored there. */
const added = {
  secretsSet: Schema.optionalKey(Schema.Unknown),
  state: Schema.optionalKey(Schema.Unknown),
  broken: Schema.optionalKey(Schema.Unknown),
  lastSuccessAt: Schema.optionalKey(Schema.Unknown),
  createdAt: Schema.optionalKey(Schema.Unknown),
  updatedAt: Schema.optionalKey(Schema.Unknown)
}

/** An integration as it is entered. `enabled` is true when absent; an absent `id` is made by the gateway. */
export const IntegrationPayload = Schema.Struct({
  id: Schema.optionalKey(IntegrationId),
  ...entered,
  enabled: Schema.optionalKey(Schema.Boolean),
  ...added
})

/** An integration as it is shown: without its secrets. */
export const Integration = Schema.Struct({
  id: IntegrationId,
  ...entered,
  enabled: Schema.Boolean,
  /** JSON Pointers into `settings`: the secrets that are set. */
  secretsSet: Schema.Array(Schema.String),
  /** `broken` stands still until it is mended, or works when it is tried again, every five minutes. */
  state: Schema.Literals(["ok", "broken"]),
  broken: Schema.optionalKey(Schema.Struct({ reason: Schema.String, since: Schema.DateTimeUtc })),
  lastSuccessAt: Schema.optionalKey(Schema.DateTimeUtc),
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
})

const params = { id: IntegrationId }

/** The integrations. */
export class IntegrationsApi extends HttpApiGroup.make("integrations")
  .add(
    HttpApiEndpoint.get("list", "/", { success: list(Integration), error: StoreUnavailable }),
    HttpApiEndpoint.post("create", "/", {
      payload: IntegrationPayload,
      success: withETag(Integration.pipe(HttpApiSchema.status(201))),
      error: [InvalidRequest, Conflict, StoreUnavailable]
    }),
    HttpApiEndpoint.get("get", "/:id", {
      params,
      success: withETag(Integration),
      error: [NotFound, StoreUnavailable]
    }),
    HttpApiEndpoint.put("replace", "/:id", {
      params,
      headers: ifMatch,
      payload: IntegrationPayload,
      success: withETag(Integration),
      error: [InvalidRequest, NotFound, PreconditionFailed, StoreUnavailable]
    }),
    HttpApiEndpoint.delete("remove", "/:id", {
      params,
      headers: ifMatch,
      /** With `force` it also leaves the rules and the fallbacks that name it. */
      query: { force: Schema.optionalKey(Schema.Literals(["true", "false"])) },
      success: HttpApiSchema.NoContent,
      error: [NotFound, Conflict, PreconditionFailed, StoreUnavailable]
    })
  )
  .prefix("/v1/integrations") {}
