/**
 * The routes compatible with Alertmanager and PagerDuty.
 */
import { Unauthorized } from "@tocsin/client"
import { InboundLimits } from "@tocsin/core"
import { invalid } from "@tocsin/delivery"
import { PagerDuty, Prometheus } from "@tocsin/sources"
import { Effect, Predicate, Redacted } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Access, tooManyAttempts } from "../access/Auth.ts"
import { checkLoopback } from "../access/loopback.ts"
import { toInvalidRequest } from "../body/toInvalidRequest.ts"
import { GatewayApi } from "../GatewayApi.ts"
import { problem } from "../../server/problem.ts"
import { makeReceiver } from "./receiver.ts"

/** `/api/v2/alerts` */
export const PrometheusHandlers = HttpApiBuilder.group(
  GatewayApi,
  "prometheus",
  Effect.fn(function* (handlers) {
    const { receive } = yield* makeReceiver
    return handlers.handleRaw("alerts", ({ request }) => receive(Prometheus, request))
  })
)

/** `/v2/enqueue`: the credential is in the body. */
export const PagerDutyHandlers = HttpApiBuilder.group(
  GatewayApi,
  "pagerduty",
  Effect.fn(function* (handlers) {
    const access = yield* Access
    const { receiveIf } = yield* makeReceiver

    const check = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, body: unknown) {
      if (!access.tokenRequired) return yield* checkLoopback(request)
      const key = Predicate.hasProperty(body, "routing_key") ? body.routing_key : undefined
      const verdict = yield* access.ofToken(Redacted.make(typeof key === "string" ? key : ""))
      if (verdict._tag === "Wait") return yield* tooManyAttempts(verdict.seconds)
      if (verdict._tag === "Refused") {
        return yield* new Unauthorized({ detail: "Send the API token (TOCSIN_TOKEN) as routing_key" })
      }
    })

    return handlers.handleRaw("enqueue", ({ request }) =>
      Effect.gen(function* () {
        const { taken, value } = yield* receiveIf(PagerDuty, request, InboundLimits.maxPagerDutyBytes, (body) =>
          check(request, body)
        )
        const key = PagerDuty.dedupKey(value)
        if (taken.why !== undefined || key === undefined) {
          return yield* toInvalidRequest(invalid("", "an event", taken.why ?? "There is no dedup_key"))
        }
        return { status: "success" as const, message: "Event processed", dedup_key: key }
      }).pipe(
        Effect.catchTag("TooManyBodies", () =>
          Effect.succeed(
            problem(503, "Too many events are being received", "Send the event again after Retry-After seconds")
          )
        )
      )
    )
  })
)
