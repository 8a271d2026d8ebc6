/**
 * Whether the gateway can do its work.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { StoreUnavailable } from "./Problems.ts"

/** For load balancers and supervisors; needs no token. */
export class SystemApi extends HttpApiGroup.make("system", { topLevel: true }).add(
  HttpApiEndpoint.get("healthz", "/healthz", {
    success: Schema.Struct({ status: Schema.Literal("ok") }),
    error: StoreUnavailable
  })
) {}
