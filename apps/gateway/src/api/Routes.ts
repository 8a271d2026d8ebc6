/**
 * The gateway's API over HTTP: each route decodes its request and passes it to the engine.
 */
import { PluginRegistry } from "@tocsin/delivery"
import { Effect, Layer } from "effect"
import { HttpApiBuilder, HttpApiScalar } from "effect/http-api"
import { AlertHandlers } from "./alerts.ts"
import { AlertsShortcutLayer } from "./intake/AlertsShortcut.ts"
import * as Auth from "./access/Auth.ts"
import { AuditHandlers } from "./access/AuditHandlers.ts"
import { BackupHandlers } from "./backup.ts"
import { documented } from "./documents/openApi.ts"
import { SchemaRoutes } from "./documents/SchemaRoutes.ts"
import { BrowserHeadersLayer } from "./access/browserHeaders.ts"
import { PrecompressedPagesLayer } from "./console/PrecompressedPages.ts"
import { ConsoleRoutes } from "./console/ConsoleRoutes.ts"
import { SharedAnswersLayer } from "./console/sharedAnswers.ts"
import { DeliveryHandlers } from "./deliveries.ts"
import { EventHandlers } from "./events.ts"
import { StoreErrorsLayer } from "./GatewayApi.ts"
import { HostHeaderLayer } from "./access/hostHeader.ts"
import { IntegrationHandlers } from "./integrations.ts"
import { docsPath, openapiPath } from "./allowedMethods.ts"
import { MetricsHandlers } from "./signals/metrics.ts"
import { KeyHandlers } from "./access/KeyHandlers.ts"
import { LaneHandlers } from "./lanes.ts"
import { PluginHandlers } from "./plugins.ts"
import { ProblemsLayer, RequestErrorsLayer } from "./problems.ts"
import { RequestTracesLayer } from "./signals/requestTraces.ts"
import { RuleHandlers } from "./rules.ts"
import { SignInHandlers } from "./sessions.ts"
import { PagerDutyHandlers, PrometheusHandlers } from "./sources/compatible.ts"
import { SourceHandlers } from "./sources/SourceHandlers.ts"
import { SourceTypeHandlers } from "./sources/SourceTypeHandlers.ts"
import { Inlets } from "./sources/inlets.ts"
import { SnsMessages } from "./sources/sns/SnsMessages.ts"
import { SystemHandlers } from "./system.ts"
import * as TrustedProxies from "./access/TrustedProxies.ts"

/** Hides the links to Scalar's own services. */
const scalarConfig = {
  withDefaultFonts: false,
  authentication: { preferredSecurityScheme: "bearer" },
  hideClientButton: true,
  showDeveloperTools: "never"
}

/** All routes. They require the engine and the settings. */
export const Routes = Layer.unwrap(
  Effect.map(PluginRegistry, ({ installed }) => {
    const api = documented(installed)
    return Layer.mergeAll(
      HttpApiBuilder.layer(api, { openapiPath }),
      ConsoleRoutes,
      SchemaRoutes,
      // The page loads nothing from another host.
      HttpApiScalar.layer(api, {
        path: docsPath,
        scalar: scalarConfig
      })
    )
  })
).pipe(
  Layer.provide([
    SourceHandlers,
    SourceTypeHandlers,
    PrometheusHandlers,
    PagerDutyHandlers,
    AlertHandlers,
    IntegrationHandlers,
    RuleHandlers,
    DeliveryHandlers,
    PluginHandlers,
    LaneHandlers,
    EventHandlers,
    SignInHandlers,
    SystemHandlers,
    KeyHandlers,
    AuditHandlers,
    BackupHandlers,
    MetricsHandlers
  ]),
  Layer.provide([Auth.layer, RequestErrorsLayer, StoreErrorsLayer, AlertsShortcutLayer, SharedAnswersLayer]),
  Layer.provide([Auth.Access.layer, Inlets.layer, SnsMessages.layer]),
  Layer.provide(PrecompressedPagesLayer),
  Layer.provide([BrowserHeadersLayer, ProblemsLayer, TrustedProxies.layer, HostHeaderLayer, RequestTracesLayer])
)
