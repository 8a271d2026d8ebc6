export * as Alertmanager from "./Alertmanager.ts"
export * as AwsSns from "./AwsSns.ts"
export * as AzureMonitor from "./AzureMonitor.ts"
export { builtIn } from "./builtIn.ts"
export * as CloudEvents from "./CloudEvents.ts"
export * as Datadog from "./Datadog.ts"
export type { Decoded } from "./Decoded.ts"
export * as GoogleCloudMonitoring from "./GoogleCloudMonitoring.ts"
export * as Grafana from "./Grafana.ts"
export * as Healthchecks from "./Healthchecks.ts"
export * as Json from "./Json.ts"
export * as PagerDuty from "./PagerDuty.ts"
export * as Prometheus from "./Prometheus.ts"
export { parseJson, readNumber } from "./reading/parseJson.ts"
export * as Reading from "./Reading.ts"
export * as Sentry from "./Sentry.ts"
export {
  decodeSettings,
  type Defaults,
  defineSource,
  needsNoSettings,
  type Options,
  type Request,
  type Source
} from "./Source.ts"
export * as ThousandEyes from "./ThousandEyes.ts"
export * as UptimeKuma from "./UptimeKuma.ts"
export * as Zabbix from "./Zabbix.ts"
