import { Configuration, Lanes, RateLimiter, type ShownIntegration } from "@tocsin/delivery"
import { Clock, Context, Effect, Metric } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { PrometheusMetrics } from "effect/observability"
import { monitorEventLoopDelay } from "node:perf_hooks"
import manifest from "../../../package.json" with { type: "json" }
import { GatewayApi } from "../GatewayApi.ts"

/** `/metrics`: the engine's counters since the start, and gauges of the current state. */
export const MetricsHandlers = HttpApiBuilder.group(
  GatewayApi,
  "metrics",
  Effect.fn(function* (handlers) {
    const configuration = yield* Configuration
    const lanes = yield* Lanes
    const rateLimiter = yield* RateLimiter
    const eventLoop = yield* Effect.acquireRelease(
      Effect.sync(() => monitorEventLoopDelay({ resolution: sampled })),
      (histogram) => Effect.sync(() => histogram.disable())
    )

    /** Makes the gauges from the current state, so that a removed integration leaves none. */
    const gauges = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const registry: Metric.MetricRegistry = new Map()
      const context = Context.make(Metric.MetricRegistry, registry)
      const set = (name: keyof typeof gaugeTexts, attributes: { readonly [label: string]: string }, value: number) =>
        Metric.gauge(`tocsin_${name}`, { description: gaugeTexts[name], attributes }).updateUnsafe(value, context)

      for (const integration of yield* configuration.integrations) {
        const { id, type } = integration
        const { oldestAt, size } = yield* lanes.pending(id)
        const { wait } = yield* rateLimiter.allowance(id)
        set("lane_pending", { integration: id, type }, size)
        set("lane_oldest_seconds", { integration: id, type }, oldestAt === undefined ? 0 : (now - oldestAt) / 1000)
        set("lane_rate_limit_wait_seconds", { integration: id, type }, wait / 1000)
        const current = stateOf(integration, now)
        for (const state of states)
          set("integration_state", { integration: id, type, state }, Number(state === current))
      }
      for (const percentile of [50, 99, 100]) {
        // What Node measures is the time between two samples.
        const delay = Math.max(0, eventLoop.percentile(percentile) / 1e6 - sampled)
        set("event_loop_delay_seconds", { percentile: String(percentile) }, delay / 1000)
      }
      // Begun by the first scrape: the samples are most of the CPU time of an idle gateway.
      eventLoop.enable()
      eventLoop.reset()
      set("build_info", { version: manifest.version, node: process.version }, 1)
      return PrometheusMetrics.formatUnsafe(context)
    })

    return handlers.handleAll({
      scrape: () => Effect.map(Effect.all([PrometheusMetrics.format(), gauges]), (texts) => texts.join(""))
    })
  })
)

/** How often the event loop is looked at, in milliseconds. */
const sampled = 100

const gaugeTexts = {
  lane_pending: "Deliveries that wait at an integration.",
  lane_oldest_seconds: "Age of the oldest delivery that waits at an integration; 0 if none does.",
  lane_rate_limit_wait_seconds: "How long an integration's rate limit makes its next message wait.",
  integration_state: "1 for the state that the integration is in: ok, waiting, broken, paused or disabled.",
  event_loop_delay_seconds: "Delay of the event loop since the last scrape, by percentile; 0 in the first.",
  build_info: "Always 1; the labels say what runs."
}

const states = ["ok", "waiting", "broken", "paused", "disabled"] as const

const stateOf = ({ broken, enabled, paused, waiting }: ShownIntegration, now: number): (typeof states)[number] => {
  if (!enabled) return "disabled"
  if (paused !== undefined) return "paused"
  if (broken !== undefined) return "broken"
  return waiting !== undefined && waiting.until > now ? "waiting" : "ok"
}
