/**
 * The gateway's API over HTTP: each route decodes its request and hands it on.
 */
import { Channels } from "@tocsin/delivery"
import { Effect, Layer } from "effect"
import { HttpApiBuilder, HttpApiScalar } from "effect/http-api"
import { AlertHandlers } from "./alertHandlers.ts"
import * as Auth from "./Auth.ts"
import { documented } from "./openApi.ts"
import { BrowserHeadersLayer } from "./browserHeaders.ts"
import { DeliveryHandlers } from "./deliveryHandlers.ts"
import { IntegrationHandlers } from "./integrationHandlers.ts"
import { PluginHandlers } from "./pluginHandlers.ts"
import { ProblemsLayer, RequestErrorsLayer } from "./problems.ts"
import { RuleHandlers } from "./ruleHandlers.ts"
import { SourceHandlers } from "./sourceHandlers.ts"
import { SystemHandlers } from "./systemHandlers.ts"

/** All routes, in need of the engine and the settings. */
export const Routes = Layer.unwrap(
  Effect.map(Channels, ({ installed }) => {
    const api = documented(installed)
    return Layer.merge(
      HttpApiBuilder.layer(api, { openapiPath: "/openapi.json" }),
      // Nothing of the page comes from another host.
      HttpApiScalar.layer(api, { path: "/docs", scalar: { withDefaultFonts: false, proxyUrl: "" } })
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
  Layer.provide([BrowserHeadersLayer, ProblemsLayer])
)
