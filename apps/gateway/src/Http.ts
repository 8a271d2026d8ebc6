/**
 * The gateway's API over HTTP: each route decodes its request and hands it on.
 */
import { Channels } from "@tocsin/delivery"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApiBuilder, HttpApiScalar } from "effect/http-api"
import { AlertHandlers } from "./alertHandlers.ts"
import * as Auth from "./Auth.ts"
import { documented } from "./openApi.ts"
import { BrowserHeadersLayer } from "./browserHeaders.ts"
import { DeliveryHandlers } from "./deliveryHandlers.ts"
import { HostHeaderLayer } from "./hostHeader.ts"
import { IntegrationHandlers } from "./integrationHandlers.ts"
import { docsPath, openapiPath } from "./knownRoutes.ts"
import { PluginHandlers } from "./pluginHandlers.ts"
import { ProblemsLayer, RequestErrorsLayer } from "./problems.ts"
import { RuleHandlers } from "./ruleHandlers.ts"
import { SourceHandlers } from "./sourceHandlers.ts"
import { SystemHandlers } from "./systemHandlers.ts"
import * as TrustedProxies from "./TrustedProxies.ts"

/** What leads away from the gateway to Scalar's own services is not shown. */
const scalarConfig = {
  withDefaultFonts: false,
  authentication: { preferredSecurityScheme: "bearer" },
  hideClientButton: true,
  showDeveloperTools: "never"
}

/** All routes, in need of the engine and the settings. */
export const Routes = Layer.unwrap(
  Effect.map(Channels, ({ installed }) => {
    const api = documented(installed)
    return Layer.mergeAll(
      HttpApiBuilder.layer(api, { openapiPath }),
      HttpRouter.add("GET", "/", HttpServerResponse.redirect(docsPath)),
      // Nothing of the page comes from another host.
      HttpApiScalar.layer(api, {
        path: docsPath,
        scalar: scalarConfig
      })
    )
  })
).pipe(
  Layer.provide([
    SourceHandlers,
    AlertHandlers,
    IntegrationHandlers,
    RuleHandlers,
    DeliveryHandlers,
    PluginHandlers,
    SystemHandlers
  ]),
  Layer.provide([Auth.layer, RequestErrorsLayer]),
  Layer.provide([BrowserHeadersLayer, ProblemsLayer, TrustedProxies.layer, HostHeaderLayer])
)
