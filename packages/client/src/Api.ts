/**
 * The gateway's API.
 */
import { HttpApi, OpenApi } from "effect/http-api"
import { AuditApi } from "./access/Audit.ts"
import { KeysApi } from "./access/Keys.ts"
import { AlertRulesApi } from "./AlertRules.ts"
import { AlertsApi } from "./Alerts.ts"
import { Authorization, RequestErrors } from "./Authorization.ts"
import { DeliveriesApi } from "./Deliveries.ts"
import { IntegrationsApi } from "./integrations/Integrations.ts"
import { PluginsApi } from "./Plugins.ts"
import { EventsApi } from "./Events.ts"
import { LanesApi } from "./Lanes.ts"
import { SessionApi, SessionsApi } from "./Sessions.ts"
import { PagerDutyApi, PrometheusApi, SourcesApi, SourceUrlsApi } from "./Sources.ts"
import { SourceTypesApi } from "./sources/SourceTypes.ts"
import { BackupApi, MetricsApi, SystemApi } from "./System.ts"

const description = [
  "Tocsin receives alerts from monitoring systems and scripts, and delivers them to chat channels.",
  "First create an integration (`POST /v1/integrations`), then a rule that sends alerts to it (`POST /v1/rules`), then send a test (`POST /v1/integrations/{id}/test`).",
  "If the gateway has a token, send it as `Authorization: Bearer <token>`, or by Basic with any user and the token as password."
].join(" ")

/** All routes of the gateway. A field, or a parameter of a query, that it does not know is an error that names it. */
export class Api extends HttpApi.make("tocsin")
  .add(
    SourcesApi,
    SourceTypesApi,
    PrometheusApi,
    AlertsApi,
    IntegrationsApi,
    AlertRulesApi,
    DeliveriesApi,
    PluginsApi,
    LanesApi,
    EventsApi,
    SessionsApi,
    KeysApi,
    AuditApi,
    BackupApi,
    MetricsApi
  )
  .middleware(Authorization)
  .add(PagerDutyApi, SourceUrlsApi, SessionApi, SystemApi)
  .middleware(RequestErrors)
  .annotate(HttpApi.QueryParseOptions, { errors: "all", onExcessProperty: "error" })
  .annotate(HttpApi.PayloadParseOptions, { errors: "all", onExcessProperty: "error" })
  .annotateMerge(
    OpenApi.annotations({
      title: "Tocsin",
      description,
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
      servers: [{ url: "/", description: "The gateway that serves this document." }]
    })
  ) {}
