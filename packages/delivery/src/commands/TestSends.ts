/**
 * Test sends: a raised and a cleared test notification, sent like alerts (case D6).
 */
import { type ChannelPlugin, IntegrationId, type Notification } from "@tocsin/core"
import { Clock, Context, DateTime, Duration, Effect, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import { Signals } from "../cluster/Signals.ts"
import { rateLimitsOf } from "../config/rateLimits.ts"
import { reasonOfCause } from "../domain/failureReason.ts"
import type { ReadyIntegration } from "../domain/integration.ts"
import { decodeHistory } from "../records/deliveryHistory.ts"
import { Deliveries } from "../records/Deliveries.ts"
import type { DeliveryStatus } from "../records/deliveryRow.ts"
import { clearedTestAlert, decodeTestSend, newTestSend, testAlert, testsOf } from "../records/testSend.ts"
import { RateLimiter } from "../sending/RateLimiter.ts"
import { send } from "../sending/send.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"

/** The outcome of one of the two notifications. */
export interface TestOutcome {
  readonly of: "Raised" | "Cleared"
  /** `trying` continues for at most five minutes; `skipped` was not sent, because the raise did not arrive. */
  readonly status: "delivered" | "failed" | "trying" | "skipped"
  /** `plain` if the service refused the rich form. */
  readonly form: ChannelPlugin.Form
  /** Why the last attempt failed. */
  readonly reason?: { readonly _tag: string; readonly detail: string }
  /** The earliest time of the next attempt, in epoch milliseconds. */
  readonly until?: number
  readonly link?: URL
}

/** How long a caller waits for the outcomes. */
const answerWithin = Duration.seconds(15)

/** How often the outcomes are looked up. */
const pollInterval = Duration.millis(100)

/** Sends test notifications. */
export class TestSends extends Context.Service<
  TestSends,
  {
    /**
     * Sends both through the lane of the saved integration, before all other deliveries, even if the integration is
     * broken or disabled. Returns within 15 seconds. A success ends a broken state.
     */
    readonly send: (integration: ReadyIntegration) => Effect.Effect<ReadonlyArray<TestOutcome>, StoreUnavailable>
    /** Sends both with unsaved settings, within their rate limit, and stores nothing. Gives up after 15 seconds. */
    readonly sendUnsaved: (integration: ReadyIntegration) => Effect.Effect<ReadonlyArray<TestOutcome>>
  }
>()("@tocsin/delivery/TestSends") {
  static readonly layer: Layer.Layer<
    TestSends,
    never,
    GroupCommit | SqlClient.SqlClient | Deliveries | RateLimiter | Signals | SecureRandom.SecureRandom
  > = Layer.effect(
    TestSends,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const deliveries = yield* Deliveries
      const rateLimiter = yield* RateLimiter
      const signals = yield* Signals
      const random = yield* SecureRandom.SecureRandom

      /** The current outcomes of the test with this id. */
      const outcomes = Effect.fnUntraced(function* (integration: IntegrationId, id: string) {
        const rows = yield* groupCommit.read(
          sql<Row>`SELECT status, form, next_at, notification, history FROM deliveries
             WHERE about = ${testsOf(integration)} ORDER BY sequence DESC LIMIT 20`
        )
        const found = new Map(
          rows.flatMap((row) => {
            const { alert, of, receipt } = decodeTestSend(row.notification)
            return alert.id === id ? [[of, outcomeOf(of, row, receipt)]] : []
          })
        )
        const raised = found.get("Raised") ?? { of: "Raised", status: "trying", form: "rich" }
        const status = raised.status === "failed" ? ("skipped" as const) : ("trying" as const)
        return [raised, found.get("Cleared") ?? { of: "Cleared" as const, status, form: "rich" as const }]
      })

      return TestSends.of({
        send: Effect.fnUntraced(function* ({ integration: { id: integration, name } }) {
          const id = `test-${yield* random.uuidV7()}`
          const alert = testAlert(name, id, yield* DateTime.now)
          yield* groupCommit.commit(
            deliveries.enqueue([newTestSend(integration, { _tag: "Test", of: "Raised", alert })])
          )
          yield* signals.send([integration], "work")
          const end = (yield* Clock.currentTimeMillis) + Duration.toMillis(answerWithin)
          for (;;) {
            yield* Effect.sleep(pollInterval)
            const now = yield* outcomes(integration, id)
            const isOver = now.every(({ status }) => status !== "trying")
            if (isOver || (yield* Clock.currentTimeMillis) >= end) return now
          }
        }),
        sendUnsaved: Effect.fnUntraced(function* (unsaved) {
          const id = `test-${yield* random.uuidV7()}`
          const spender = IntegrationId.make(id)
          const alert = testAlert(unsaved.integration.name, id, yield* DateTime.now)
          const giveUpAt = alert.startedAt.epochMilliseconds + Duration.toMillis(answerWithin)

          const attempt = Effect.fnUntraced(function* (
            notification: Extract<Notification, { readonly _tag: "Test" }>,
            options: ChannelPlugin.DeliverOptions
          ): Effect.fn.Return<TestOutcome & { readonly receipt?: ChannelPlugin.Receipt }> {
            const { of } = notification
            const { form } = options
            while ((yield* rateLimiter.take(spender, 1)) === 0) {
              const until = (yield* Clock.currentTimeMillis) + (yield* rateLimiter.allowance(spender)).wait
              if (until > giveUpAt) return { of, form, status: "failed", until }
              yield* Effect.sleep(until - (yield* Clock.currentTimeMillis))
            }
            const sent = yield* Effect.provideService(
              send(unsaved, notification, { options }),
              RateLimiter,
              rateLimiter
            )
            if (sent._tag === "Failed") {
              const { partial, reason } = sent
              return (reason._tag === "PayloadRejected" || reason._tag === "PluginFailed") && form === "rich"
                ? {
                    reason,
                    ...(yield* attempt(notification, { ...options, form: "plain", ...(partial && { partial }) }))
                  }
                : { of, form, status: "failed", reason }
            }
            const { receipt } = sent
            return { of, form, status: "delivered", receipt, ...(receipt.link && { link: receipt.link }) }
          })

          return yield* Effect.gen(function* () {
            yield* rateLimiter.declare(spender, rateLimitsOf(unsaved))
            const { receipt, ...raised } = yield* attempt(
              { _tag: "Test", of: "Raised", alert },
              { form: "rich", deliveryId: `${id}-Raised`, conversation: { id, messages: [] } }
            )
            if (receipt === undefined) return [raised, { of: "Cleared", status: "skipped", form: "rich" } as const]
            const { receipt: _, ...cleared } = yield* attempt(
              { _tag: "Test", of: "Cleared", alert: clearedTestAlert(alert, yield* DateTime.now) },
              {
                form: "rich",
                deliveryId: `${id}-Cleared`,
                conversation: { id, messages: [{ kind: "Test", receipt }] }
              }
            )
            return [raised, cleared]
          }).pipe(Effect.ensuring(rateLimiter.forget(spender)))
        })
      })
    })
  )
}

interface Row {
  readonly status: DeliveryStatus
  readonly history: string
  readonly form: ChannelPlugin.Form
  readonly next_at: number
  readonly notification: string
}

const outcomeOf = (
  of: TestOutcome["of"],
  { form, history, next_at, status }: Row,
  receipt: ChannelPlugin.Receipt | undefined
): TestOutcome => {
  const failure = decodeHistory(history).findLast(({ status }) => status === "retrying" || status === "dead")?.cause
  return {
    of,
    form,
    status: status === "delivered" ? "delivered" : status === "dead" || status === "superseded" ? "failed" : "trying",
    ...(failure !== undefined && { reason: reasonOfCause(failure) ?? { _tag: "Unavailable", detail: failure } }),
    ...(status === "retrying" && { until: next_at }),
    ...(receipt?.link && { link: receipt.link })
  }
}
