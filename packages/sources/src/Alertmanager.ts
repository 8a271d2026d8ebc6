/**
 * Reads the webhook of Prometheus' Alertmanager: version 4, since Alertmanager 0.6.
 *
 * @see https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
import { Effect, Result, Schema } from "effect"
import type { Decoded, Events } from "./Decoded.ts"
import { Id, ifReadable, Plain, TextLink } from "./reading/lenientFields.ts"
import { PrometheusAlert, readPrometheusAlert } from "./reading/prometheusAlert.ts"
import { linkTo, readEach, readerOf } from "./reading/report.ts"
import { unreadable } from "./reading/unreadable.ts"
import type { Options } from "./Source.ts"

/** Its name in URLs and alerts. */
export const type = "alertmanager"

/** Its name as its vendor spells it. */
export const title = "Alertmanager"

const Group = Schema.Struct({
  alerts: Schema.Array(Schema.Unknown).annotate({ expected: "an array of alerts" }),
  status: ifReadable(Plain),
  externalURL: ifReadable(TextLink),
  truncatedAlerts: ifReadable(Id)
})

const decodeGroup = Schema.decodeUnknownResult(Group)

/**
 * Reads a notification: each alert of the group becomes an event. `truncatedAlerts` counts as missed alerts:
 * Alertmanager left them out because of `max_alerts`.
 */
export const decode = (body: unknown, options: Options): Effect.Effect<Decoded> =>
  Result.match(decodeGroup(body), {
    onFailure: (error): Effect.Effect<Decoded> => Effect.succeed(unreadable(error)),
    onSuccess: ({ alerts, externalURL, status: ofGroup, truncatedAlerts = "0" }) => {
      const read = readerOf(PrometheusAlert, (alert) => {
        const report = readPrometheusAlert(alert, (alert.status ?? ofGroup) === "resolved" ? "cleared" : "raised")
        return report._tag === "Unreadable"
          ? report
          : { ...report, more: [...(report.more ?? []), ...linkTo("Alertmanager", externalURL)] }
      })
      return Effect.map(readEach(alerts, "/alerts", read, options), (decoded) =>
        decoded._tag === "Events" && /^[1-9]\d{0,8}$/.test(truncatedAlerts)
          ? withTruncated(decoded, Number(truncatedAlerts))
          : decoded
      )
    }
  })

const withTruncated = ({ missed, ...decoded }: Events, truncated: number): Events => ({
  ...decoded,
  missed: {
    count: truncated + (missed?.count ?? 0),
    why:
      missed?.why ??
      `/truncatedAlerts: Alertmanager left out ${truncated} alerts. Set max_alerts of its webhook to 0, its default`
  }
})
