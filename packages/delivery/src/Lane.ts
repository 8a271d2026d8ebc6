/**
 * The lane of one integration: the next delivery in order, at the integration's
 * pace, tried once, and what follows from it.
 */
import type { IntegrationId } from "@tocsin/core"
import { Clock, Duration, Effect, Exit, Latch, Random } from "effect"
import { Attempts, type Outcome, type Taken } from "./Attempts.ts"
import { Integrations, type ReadyIntegration } from "./Integrations.ts"
import { Journal } from "./Journal.ts"
import { Pacing } from "./Pacing.ts"
import { brokenPause, consequence } from "./retry.ts"
import { budgetsOf, tryOnce } from "./tryOnce.ts"

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
      const declared = yield* Effect.exit(Effect.sync(() => budgetsOf(loaded)))
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
    if (integration?.integration.enabled !== true) return yield* idle(safetyNet)
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
        const outcome = yield* tryAndJudge(integration, taken)
        // What was sent must be known to be sent before anything else is.
        yield* journal.commit(attempts.complete(taken, outcome)).pipe(
          // A stop does not wait until the store can be written again: what was sent is then sent twice.
          Effect.tapError(() => Effect.interruptible(Effect.sleep(storePause))),
          Effect.eventually
        )
      })
    )

  const tryAndJudge = Effect.fnUntraced(function* (integration: ReadyIntegration, taken: Taken) {
    const tried = yield* tryOnce(integration, taken.notification, taken.options).pipe(
      Effect.provideService(Pacing, pacing)
    )
    if (tried._tag === "Delivered") return tried
    const now = yield* Clock.currentTimeMillis
    const follows = consequence({
      reason: tried.reason,
      options: integration.integration.delivery ?? {},
      now,
      attempts: taken.attempt,
      createdAt: taken.createdAt,
      form: taken.options.form,
      jitter: yield* Random.next
    })
    if (follows.lane?.broken === false) yield* pacing.pause(id, follows.lane.pause)
    // What an edit has replaced meanwhile stops nobody.
    if (follows.lane !== undefined && ready === integration) pausedUntil = now + follows.lane.pause
    return { ...tried, consequence: follows } satisfies Outcome
  })

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
