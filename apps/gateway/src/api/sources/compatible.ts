/**
 * The routes compatible with Alertmanager and PagerDuty.
 */
import { allowsPosting, Forbidden, Unauthorized } from "@tocsin/client"
import { InboundLimits } from "@tocsin/core"
import { invalid } from "@tocsin/delivery"
import { PagerDuty, Prometheus } from "@tocsin/sources"
import { Effect, Option, Predicate, Redacted } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Access, tooManyAttempts } from "../access/Auth.ts"
import { checkMayPost, needsScope } from "../access/Caller.ts"
import { checkLoopback } from "../access/loopback.ts"
import { toInvalidRequest } from "../body/toInvalidRequest.ts"
import { GatewayApi } from "../GatewayApi.ts"
import { answerUnavailable, Inlets } from "./inlets.ts"
import { makeReceiver } from "./receiver.ts"

/** `/api/v2/alerts` */
export const PrometheusHandlers = HttpApiBuilder.group(
  GatewayApi,
  "prometheus",
  Effect.fn(function* (handlers) {
    const { receive } = yield* makeReceiver
    const inlets = yield* Inlets
    return handlers.handleRaw("alerts", ({ request }) =>
      Effect.gen(function* () {
        yield* checkMayPost(Prometheus.type)
        const inlet = yield* inlets.find(Prometheus.type)
        yield* inlets.admit(inlet)
        return yield* Effect.tap(receive(inlet, request), inlets.heard(inlet))
      }).pipe(answerUnavailable, Effect.catchTag("NotFound", Effect.die))
    )
  })
)

/** `/v2/enqueue`: the credential is in the body. */
export const PagerDutyHandlers = HttpApiBuilder.group(
  GatewayApi,
  "pagerduty",
  Effect.fn(function* (handlers) {
    const access = yield* Access
    const { receiveIf } = yield* makeReceiver
    const inlets = yield* Inlets

    /** The source that scopes allow posting to: a configured one of this type, or the built-in one. */
    const inletOf = Effect.fnUntraced(function* (scopes: ReadonlyArray<string>) {
      if (allowsPosting(scopes, PagerDuty.type)) return yield* inlets.find(PagerDuty.type)
      for (const scope of scopes) {
        const inlet = yield* Effect.option(inlets.find(scope.replace(/^ingest:/, "")))
        if (Option.isSome(inlet) && inlet.value.type.type === PagerDuty.type) return inlet.value
      }
      return yield* new Forbidden({
        detail: needsScope("ingest:NAME, with a source of the type pagerduty, or write")
      })
    })

    const ofKey = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, key: Redacted.Redacted) {
      if (!access.tokenRequired) yield* checkLoopback(request)
      const verdict = yield* access.ofToken(key)
      if (!access.tokenRequired && verdict._tag !== "Allowed") return yield* inlets.find(PagerDuty.type)
      if (verdict._tag === "Wait") return yield* tooManyAttempts(verdict.seconds)
      if (verdict._tag === "Refused") {
        return yield* new Unauthorized({ detail: "Send TOCSIN_TOKEN, or the credential of a source, as routing_key" })
      }
      return yield* inletOf(verdict.caller.scopes)
    })

    return handlers.handleRaw("enqueue", ({ request }) =>
      Effect.gen(function* () {
        const { inlet, taken, value } = yield* receiveIf(request, {
          max: InboundLimits.maxPagerDutyBytes,
          credentialOf: routingKey,
          check: (key) => Effect.tap(ofKey(request, key), inlets.admit)
        })
        yield* inlets.heard(inlet)
        const key = PagerDuty.dedupKey(value)
        if (taken.why !== undefined || key === undefined) {
          return yield* toInvalidRequest(invalid("", "an event", taken.why ?? "There is no dedup_key"))
        }
        return { status: "success" as const, message: "Event processed", dedup_key: key }
      }).pipe(answerUnavailable, Effect.catchTag("NotFound", Effect.die))
    )
  })
)

/** The credential in an event; empty if it has none. */
const routingKey = (event: unknown): Redacted.Redacted => {
  const key = Predicate.hasProperty(event, "routing_key") ? event.routing_key : undefined
  return Redacted.make(typeof key === "string" ? key : "")
}
