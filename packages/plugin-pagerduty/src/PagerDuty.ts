/**
 * The plugin for PagerDuty.
 */
import { ChannelPlugin, cut, HttpChannel, HttpClientRequest, BaseUrl, Misconfigured, Unauthorized } from "@tocsin/core"
import { Option, Redacted, Schema } from "effect"
import { event, maxSummary } from "./event.ts"
import { see } from "./see.ts"

/** Triggers an incident for each alert, and resolves it when the alert clears, by PagerDuty's Events API v2. */
export class PagerDuty extends ChannelPlugin.Service<PagerDuty>()("pagerduty", {
  title: "PagerDuty",
  settings: Schema.Struct({
    // https://developer.pagerduty.com/docs/send-alert-event#parameters
    routingKey: Schema.Redacted(
      Schema.String.check(
        Schema.isPattern(/^[0-9A-Za-z]{32}$/u, { expected: "an integration key of 32 letters and digits" })
      )
    ).annotateKey({ title: "Routing key", description: "The integration key of an Events API v2 integration" }),
    url: Schema.optionalKey(BaseUrl).annotateKey({
      title: "URL",
      description:
        "PagerDuty's base URL: https://events.pagerduty.com when absent, https://events.eu.pagerduty.com in the EU service region"
    })
  }),
  settingsVersion: 1,
  example: { routingKey: "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX" },
  setup: [
    "In PagerDuty open Services, Service Directory, and the service that alerts are for.",
    "Under Integrations choose Add an integration, Events API V2, Add.",
    "Copy the integration key. If your account is in the EU service region, enter https://events.eu.pagerduty.com as the URL."
  ],
  // PagerDuty adjusts its limit to the traffic and documents no number:
  // https://developer.pagerduty.com/docs/events-api-v2-overview#rate-limits
  // Its support named 120 a minute for each integration key:
  // https://community.pagerduty.com/forum/t/monitoring-api-rate-limiting/3318
  rateLimits: ({ routingKey }) => [{ key: routingKey, messages: 120, perSeconds: 60, burst: 30 }],
  sizes: { text: maxSummary },
  // Nothing would resolve a digest's incident, and nobody should be paged for a problem that is over.
  capabilities: { update: true, digest: false, skips: ["RaisedAndCleared"] },
  preview: (_, notification) => see(event(notification, { form: "rich", deliveryId: "" }))
}) {
  static readonly layer = HttpChannel.layer(PagerDuty, {
    request: ({ routingKey, url }, notification, options) =>
      HttpClientRequest.post(`${(url?.href ?? "https://events.pagerduty.com").replace(/\/+$/, "")}/v2/enqueue`).pipe(
        HttpClientRequest.bodyJsonUnsafe({ routing_key: Redacted.value(routingKey), ...event(notification, options) })
      ),
    // https://developer.pagerduty.com/docs/events-api-v2-overview#response-codes--retry-logic
    answer: ({ body, status }) => {
      const said = Option.getOrUndefined(decodeAnswer(body))
      if (status === 202 && said?.status === "success") return {}
      const detail = `HTTP ${status}: ${cut([said?.message, ...(said?.errors ?? [])].join(" ").trim() || "not PagerDuty's answer", 200)}`
      if (status === 400 && said?.errors?.some((error) => /routing.key/i.test(error)) === true) {
        return new Unauthorized({ detail })
      }
      return status >= 200 && status < 300 ? new Misconfigured({ detail }) : undefined
    }
  })
}

const decodeAnswer = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      status: Schema.optionalKey(Schema.String),
      message: Schema.optionalKey(Schema.String),
      errors: Schema.optionalKey(Schema.Array(Schema.String))
    })
  )
)
