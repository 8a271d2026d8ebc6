/**
 * Whether the gateway can do its work.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { StoreUnavailable } from "./Problems.ts"
import { says } from "./says.ts"

const options = { success: Schema.Struct({ status: Schema.Literal("ok") }), error: StoreUnavailable }

/** For load balancers and supervisors; needs no token. */
export class SystemApi extends HttpApiGroup.make("system", { topLevel: true }).add(
  HttpApiEndpoint.get("healthz", "/healthz", options).annotateMerge(
    says("Whether events can be accepted", "A write reached the disk just now. Needs no token.")
  ),
  HttpApiEndpoint.get("readyz", "/readyz", options).annotateMerge(
    says("Whether to send requests here", "The same as /healthz. Needs no token.")
  )
) {}
