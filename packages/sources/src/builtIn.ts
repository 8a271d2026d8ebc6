import * as Alertmanager from "./Alertmanager.ts"
import * as AwsSns from "./AwsSns.ts"
import * as AzureMonitor from "./AzureMonitor.ts"
import * as CloudEvents from "./CloudEvents.ts"
import * as Datadog from "./Datadog.ts"
import * as GoogleCloudMonitoring from "./GoogleCloudMonitoring.ts"
import * as Grafana from "./Grafana.ts"
import * as Healthchecks from "./Healthchecks.ts"
import * as Json from "./Json.ts"
import * as PagerDuty from "./PagerDuty.ts"
import * as Prometheus from "./Prometheus.ts"
import * as Sentry from "./Sentry.ts"
import type { Source } from "./Source.ts"
import * as ThousandEyes from "./ThousandEyes.ts"
import * as UptimeKuma from "./UptimeKuma.ts"
import * as Zabbix from "./Zabbix.ts"

/** All sources of this package. */
export const builtIn: ReadonlyArray<Source> = [
  ThousandEyes,
  Alertmanager,
  Prometheus,
  Grafana,
  PagerDuty,
  CloudEvents,
  Datadog,
  Zabbix,
  UptimeKuma,
  Healthchecks,
  Sentry,
  AwsSns,
  AzureMonitor,
  GoogleCloudMonitoring,
  Json
]
