/**
 * Test sends: a raised and a cleared test notification, by the way that alerts go (case D6).
 */
import { type Alert, AlertId, type ChannelPlugin, IntegrationId, type Reason } from "@tocsin/core"
import { Clock, Context, DateTime, Duration, Effect, Fiber, FiberSet, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { rateLimitsOf } from "../config/rateLimits.ts"
import { Integrations } from "../config/Integrations.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import { RateLimiter } from "../sending/RateLimiter.ts"
import type { Peers } from "../cluster/Peers.ts"
import { maxBackoff, pauseFor } from "../domain/retryPolicy.ts"
import { Signals } from "../cluster/Signals.ts"
import { giveUpAfter, remoteRateLimiter } from "./remoteRateLimiter.ts"
import { sendOnce } from "../sending/sendOnce.ts"
import type { ReadyIntegration } from "../domain/integration.ts"

/** What became of one of the two notifications. */
export interface TestOutcome {
  readonly of: "Raised" | "Cleared"
  /** `trying` goes on for five minutes at most; `skipped` was not tried, because the raise did not arrive. */
  readonly status: "delivered" | "failed" | "trying" | "skipped"
  /** `plain` if the service refused the rich form. */
  readonly form: ChannelPlugin.Form
  /** Why the last attempt failed. */
  readonly reason?: Reason
  /** Not before this time, in epoch milliseconds, because of a rate limit or because the service asked for it. */
  readonly until?: number
  readonly link?: URL
}

/** How long a caller waits for the outcomes. */
const answerWithin = Duration.seconds(15)

/** Sends test notifications. */
export class TestSends extends Context.Service<
  TestSends,
  {
    /**
     * Sends both before anything else that the integration is owed, within its
     * rate limit, and answers within 15 seconds. A success ends a broken state of the
     * integration of this id if it is `saved`; else nothing is stored.
     */
    readonly send: (
      integration: ReadyIntegration,
      options: { readonly saved: boolean }
    ) => Effect.Effect<ReadonlyArray<TestOutcome>>
  }
>()("@tocsin/delivery/TestSends") {
  static readonly layer: Layer.Layer<
    TestSends,
    never,
    GroupCommit | Integrations | RateLimiter | Peers | Signals | SecureRandom.SecureRandom
  > = Layer.effect(
    TestSends,
    Effect.gen(function* () {
      const groupCommit = yield* GroupCommit
      const integrations = yield* Integrations
      const pacingOf = yield* remoteRateLimiter
      const signals = yield* Signals
      const random = yield* SecureRandom.SecureRandom
      const running = yield* FiberSet.make()

      /** Says one of the two until it is delivered or fails; `tell` hears how far it is. */
      const say = Effect.fnUntraced(function* (
        { rateLimiter, spender, test }: Test,
        { of, receipt }: { readonly of: TestOutcome["of"]; readonly receipt: ChannelPlugin.Receipt | undefined },
        tell: (outcome: TestOutcome) => void
      ) {
        const startedAt = yield* DateTime.now
        const alert = sample(test.integration.name, spender, of, startedAt)
        const conversation = {
          id: spender,
          messages: receipt === undefined ? [] : [{ kind: "Test" as const, receipt }]
        }
        const deliveryId = `${spender}-${of}`
        let form: ChannelPlugin.Form = "rich"
        let failed: { readonly reason?: Reason } = {}
        let limits = 0
        for (;;) {
          for (
            let wait = yield* rateLimiter.takeFirst(spender);
            wait > 0;
            wait = yield* rateLimiter.takeFirst(spender)
          ) {
            const until = (yield* Clock.currentTimeMillis) + wait
            const isTooLate = until > startedAt.epochMilliseconds + Duration.toMillis(giveUpAfter)
            tell({ of, form, status: isTooLate ? "failed" : "trying", ...failed, until })
            if (isTooLate) return undefined
            yield* Effect.sleep(wait)
          }
          tell({ of, form, status: "trying", ...failed })
          const tried = yield* sendOnce(test, { _tag: "Test", of, alert }, { form, deliveryId, conversation }).pipe(
            Effect.provideService(RateLimiter, rateLimiter)
          )
          if (tried._tag === "Delivered") {
            const { link } = tried.receipt
            tell({ of, form, status: "delivered", ...failed, ...(link && { link }) })
            return tried.receipt
          }
          failed = { reason: tried.reason }
          if (tried.reason._tag === "RateLimited") {
            const options = { inARow: ++limits, maxBackoff: maxBackoff(test.integration.delivery ?? {}) }
            yield* rateLimiter.pause(spender, pauseFor(tried.reason, options))
          } else if (tried.reason._tag === "PayloadRejected" && form === "rich") {
            form = "plain"
          } else {
            tell({ of, form, status: "failed", ...failed })
            return undefined
          }
        }
      })

      /** What was tried is how the integration is, unless it was edited meanwhile (O8). */
      const worked = Effect.fnUntraced(function* ({ integration: { id }, updatedAt }: ReadyIntegration) {
        const note = Effect.gen(function* () {
          if ((yield* integrations.states).get(id) !== updatedAt) return false
          yield* integrations.note(id, { worked: true })
          yield* integrations.retryNow(id)
          return true
        })
        if (yield* groupCommit.commit(note)) yield* signals.send([id], "changed")
      })

      const send = Effect.fnUntraced(function* (test: ReadyIntegration, { saved }: { readonly saved: boolean }) {
        const outcomes: { Raised: TestOutcome; Cleared: TestOutcome } = {
          Raised: { of: "Raised", status: "trying", form: "rich" },
          Cleared: { of: "Cleared", status: "trying", form: "rich" }
        }
        const tell = (outcome: TestOutcome) => void (outcomes[outcome.of] = outcome)
        const spender = IntegrationId.make(`test-${yield* random.uuidV7()}`)

        const both = Effect.gen(function* () {
          const rateLimiter = yield* pacingOf(rateLimitsOf(test))
          yield* Effect.addFinalizer(() => rateLimiter.forget(spender))
          const receipt = yield* say({ rateLimiter, spender, test }, { of: "Raised", receipt: undefined }, tell)
          if (receipt === undefined) return tell({ of: "Cleared", status: "skipped", form: "rich" })
          if (saved) yield* Effect.ignore(worked(test))
          yield* say({ rateLimiter, spender, test }, { of: "Cleared", receipt }, tell)
        }).pipe(Effect.timeoutOption(giveUpAfter), Effect.scoped)
        const fiber = yield* FiberSet.run(running, both)
        yield* Effect.timeoutOption(Fiber.await(fiber), answerWithin)
        return [outcomes.Raised, outcomes.Cleared]
      })

      return TestSends.of({ send })
    })
  )
}

/** Settings that are tried. */
interface Test {
  readonly rateLimiter: RateLimiter["Service"]
  /** Spends their rate limits, as an integration would. */
  readonly spender: IntegrationId
  readonly test: ReadyIntegration
}

/** The alert that a test speaks of. */
const sample = (name: string, id: string, of: TestOutcome["of"], at: DateTime.Utc): Alert => ({
  id: AlertId.make(id),
  source: "tocsin",
  sourceId: id,
  episode: 1,
  rule: { name: "Test" },
  test: { name },
  severity: "info",
  summary: "Somebody tries whether messages arrive here.",
  startedAt: at,
  observations: [],
  observationsOmitted: 0,
  labels: {},
  links: {},
  ...(of === "Raised"
    ? { state: "raised" }
    : { state: "cleared", clearedAt: at, clearedBecause: "conditionsNoLongerMet" as const })
})
