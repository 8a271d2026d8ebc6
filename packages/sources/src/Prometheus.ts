/**
 * Reads the API v2 of Alertmanager, to which Prometheus posts (its `alerting:` block).
 *
 * @see https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 */
import { DateTime, Duration, Effect, Option } from "effect"
import type { Decoded } from "./Decoded.ts"
import { readTime } from "./reading/javaTime.ts"
import { PrometheusAlert, readPrometheusAlert } from "./reading/prometheusAlert.ts"
import { expected, readEach, readerOf } from "./reading/report.ts"
import type { Options } from "./Source.ts"

/** Its name in URLs and alerts. */
export const type = "prometheus"

/** Its name as its vendor spells it. */
export const title = "Prometheus"

/**
 * Reads an array of alerts. As in Alertmanager, an alert whose `endsAt` is over is cleared, and any other is raised:
 * Prometheus states an end in the future for an alert that fires, and repeats it each minute.
 */
export const decode = (body: unknown, options: Options): Effect.Effect<Decoded> =>
  Array.isArray(body) ? readEach(body, "", read, options) : Effect.succeed(expected("an array of alerts"))

/**
 * How long an alert holds that states no end, as Alertmanager's `resolve_timeout`.
 *
 * @see https://prometheus.io/docs/alerting/latest/configuration/#file-layout-and-global-settings
 */
const resolveTimeout = Duration.minutes(5)

const read = readerOf(PrometheusAlert, (alert, options) => {
  const ends = alert.endsAt === undefined ? Option.none() : readTime(alert.endsAt, options.defaults.timezone)
  const isOver = Option.exists(
    ends,
    ({ at }) => at.epochMilliseconds >= 0 && DateTime.isLessThanOrEqualTo(at, options.receivedAt)
  )
  const report = readPrometheusAlert(alert, isOver ? "cleared" : "raised")
  if (isOver || report._tag === "Unreadable") return report
  const stated = Option.filter(ends, ({ at }) => DateTime.isGreaterThan(at, options.receivedAt))
  return {
    ...report,
    expiresAt: Option.match(stated, {
      onNone: () => DateTime.addDuration(options.receivedAt, resolveTimeout),
      onSome: ({ at }) => at
    })
  }
})
