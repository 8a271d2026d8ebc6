/**
 * The lane of one integration: the next delivery in order, at the integration's
 * pace, tried once, and what follows from it.
 */
import { ChannelPlugin, DeliveryError, type IntegrationId, PayloadRejected, Unavailable } from "@tocsin/core"
import { Cause, Clock, Duration, Effect, Exit, Latch, Random, Schema } from "effect"
import { Attempts, type Outcome, type Taken } from "./Attempts.ts"
import { Integrations, type ReadyIntegration } from "./Integrations.ts"
import { Journal } from "./Journal.ts"
import { Pacing } from "./Pacing.ts"
import { brokenPause, consequence } from "./retry.ts"

/** How a lane is told of work and of changes from outside. */
export interface Lane {
  /** There is something new to send. */
  readonly work: Effect.Effect<void>
  /** The integration was edited: whatever the lane waited for, it looks anew. */
  readonly changed: Effect.Effect<void>
  /** Serves the integration until it is interrupted; an attempt that has begun is finished first. */
  readonly run: Effect.Effect<never>
}

/** An idle lane looks by itself this often, in case a signal was lost. */
const safetyNet = Duration.minutes(1)

/** After the store could not be reached. */
const storePause = Duration.seconds(1)

/** Makes the lane of an integration. */
export const make = Effect.fnUntraced(function* (id: IntegrationId) {
  const journal = yield* Journal
  const attempts = yield* Attempts
  const integrations = yield* Integrations
  const pacing = yield* Pacing
  const wake = yield* Latch.make()
  let ready: ReadyIntegration | undefined
  let pausedUntil = 0
  /** Counts the edits: what was found out before one says nothing of the time after it. */
  let edits = 0

  const idle = (duration: Duration.Input) => Effect.race(wake.await, Effect.sleep(duration))

  const load = Effect.gen(function* () {
    const seen = edits
    const loaded = yield* journal
      .read(integrations.ready(id))
      .pipe(
        Effect.catchTag("NotReady", ({ detail }) =>
          Effect.as(edits === seen ? notReady(detail) : Effect.void, undefined)
        )
      )
    if (edits !== seen) return undefined
    if (loaded !== undefined) {
      const declared = yield* Effect.exit(Effect.sync(() => budgets(loaded)))
      if (Exit.isFailure(declared)) return yield* Effect.as(notReady("The plugin failed"), undefined)
      yield* pacing.declare(id, declared.value)
    }
    ready = loaded
    return loaded
  })

  const notReady = Effect.fnUntraced(function* (detail: string) {
    pausedUntil = (yield* Clock.currentTimeMillis) + brokenPause
    yield* Effect.ignore(journal.commit(integrations.note(id, { brokenBecause: `Misconfigured: ${detail}` })))
  })

  const step = Effect.gen(function* () {
    // Closed before looking, so that what comes while looking is not missed.
    yield* wake.close
    const now = yield* Clock.currentTimeMillis
    if (pausedUntil > now) return yield* idle(Duration.millis(pausedUntil - now))
    const integration = ready ?? (yield* load)
    if (integration === undefined) return yield* idle(safetyNet)
    const { delivery, dueAt } = yield* journal.read(attempts.next(id))
    if (delivery === undefined) {
      return yield* idle(dueAt === undefined ? safetyNet : Duration.min(Duration.millis(dueAt - now), safetyNet))
    }
    const wait = yield* pacing.take(id)
    if (wait > 0) return yield* idle(Duration.millis(wait))
    yield* attempt(integration, delivery)
  }).pipe(
    Effect.catchTag("StoreUnavailable", () => Effect.sleep(storePause)),
    // A lane that ends would leave its integration without one; a bug must not cost more than the delivery that it hits.
    Effect.catchDefect((defect) =>
      // The defect itself may carry settings: only its name is for the log.
      Effect.andThen(
        Effect.logError(`The lane of ${id} met a bug: ${defect instanceof Error ? defect.name : typeof defect}`),
        Effect.sleep(brokenPause)
      )
    )
  )

  const attempt = (integration: ReadyIntegration, delivery: string) =>
    Effect.uninterruptible(
      Effect.gen(function* () {
        const taken = yield* journal.commit(attempts.take(delivery))
        if (taken === undefined) return
        const outcome = yield* tryOnce(integration, taken)
        // What was sent must be known to be sent before anything else is.
        yield* journal.commit(attempts.complete(taken, outcome)).pipe(
          Effect.tapError(() => Effect.sleep(storePause)),
          Effect.eventually
        )
      })
    )

  const tryOnce = Effect.fnUntraced(function* (integration: ReadyIntegration, taken: Taken) {
    const { delivery: options = {}, settings } = integration.integration
    const exit = yield* Effect.interruptible(
      Effect.suspend(() => integration.channel.deliver(settings, taken.notification, taken.options))
    ).pipe(
      Effect.timeoutOrElse({
        duration: Duration.seconds(options.timeout ?? 10),
        orElse: () => new DeliveryError({ reason: new Unavailable({ detail: "No answer in time", unanswered: true }) })
      }),
      // A plugin's bug: the plain form may do better than the rich one.
      Effect.catchDefect(() => new DeliveryError({ reason: new PayloadRejected({ detail: "The plugin failed" }) })),
      Effect.exit
    )
    if (Exit.isSuccess(exit)) {
      // The message went out, whatever the plugin gives back for it.
      const receipt = isReceipt(exit.value) ? exit.value : {}
      yield* heed(receipt.budgets)
      return { _tag: "Delivered", receipt } satisfies Outcome
    }
    const { budgets, reason } = failureOf(exit.cause)
    const now = yield* Clock.currentTimeMillis
    const follows = consequence({
      reason,
      options,
      now,
      attempts: taken.attempt,
      createdAt: taken.createdAt,
      form: taken.options.form,
      jitter: yield* Random.next
    })
    yield* heed(budgets)
    if (follows.lane?.broken === false) yield* pacing.pause(id, follows.lane.pause)
    // What an edit has replaced meanwhile stops nobody.
    if (follows.lane !== undefined && ready === integration) pausedUntil = now + follows.lane.pause
    return { _tag: "Failed", reason, consequence: follows } satisfies Outcome
  })

  const heed = (hints: ChannelPlugin.Receipt["budgets"]) =>
    Effect.forEach(hints ?? [], ({ key, remaining, resetAt }) => pacing.hint(key, remaining, resetAt.epochMilliseconds))

  const lane: Lane = {
    work: Effect.asVoid(wake.open),
    changed: Effect.suspend(() => {
      edits++
      ready = undefined
      pausedUntil = 0
      return Effect.asVoid(wake.open)
    }),
    run: Effect.forever(step)
  }
  return lane
})

const isReceipt = Schema.is(ChannelPlugin.Receipt)

/** Why an attempt failed; one that ended in another way than it may (interrupted from within) perhaps arrived. */
const failureOf = (cause: Cause.Cause<DeliveryError>): DeliveryError => {
  const error = Cause.squash(cause)
  return error instanceof DeliveryError
    ? error
    : new DeliveryError({ reason: new Unavailable({ detail: "The plugin broke off", unanswered: true }) })
}

/** The plugin's budgets, or the operator's own in place of them (B3). */
const budgets = ({
  integration: { limits, settings },
  plugin
}: ReadyIntegration): ReadonlyArray<ChannelPlugin.Budget> => {
  const declared = plugin.budgets(settings)
  const [first] = declared
  return limits === undefined || first === undefined ? declared : [{ ...limits, key: first.key }]
}
