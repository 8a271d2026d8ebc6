import type { Lane as LaneJson } from "@tocsin/client"
import { Configuration, Lanes, Overview, PublicUrl, RateLimiter, type ShownIntegration } from "@tocsin/delivery"
import { Clock, DateTime, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { GatewayApi } from "./GatewayApi.ts"
import { boundedList } from "./pagination.ts"

/** The most deliveries of a digest (D5). */
const mostInDigest = 500

/** `/v1/lanes` */
export const LaneHandlers = HttpApiBuilder.group(
  GatewayApi,
  "lanes",
  Effect.fn(function* (handlers) {
    const configuration = yield* Configuration
    const lanes = yield* Lanes
    const overview = yield* Overview
    const rateLimiter = yield* RateLimiter
    const publicUrl = yield* PublicUrl

    const shownLanes = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const digests = yield* overview.lastDigests
      const retrying = yield* overview.retryingSince
      return yield* Effect.forEach(
        yield* configuration.integrations,
        Effect.fnUntraced(function* (shown) {
          const { oldestAt: oldest, size: pending } = yield* lanes.pending(shown.id)
          const allowance = yield* rateLimiter.allowance(shown.id)
          // Only the gateway that owns the lane knows its rate limit.
          const { perMinute, rate, wait } = allowance
          const digest = digests.get(shown.id)
          const since = retrying.get(shown.id)
          const isStorm = rate !== undefined && oldest !== undefined && pending > Math.max(1, perMinute)
          const lane: typeof LaneJson.Type = {
            integration: shown.id,
            name: shown.name,
            enabled: shown.enabled,
            ...(shown.paused && { paused: { ...shown.paused, since: DateTime.makeUnsafe(shown.paused.since) } }),
            pending,
            ...(oldest !== undefined && { oldestAt: DateTime.makeUnsafe(oldest) }),
            ...(rate !== undefined && {
              rateLimit: { messages: rate.messages, perSeconds: rate.perSeconds, burst: rate.burst }
            }),
            ...(rate !== undefined && wait > 0 && { nextAt: DateTime.makeUnsafe(now + wait) }),
            ...(since !== undefined && {
              retryingUntil: DateTime.makeUnsafe(since + (shown.delivery?.deadline ?? 86_400) * 1000)
            }),
            circuit: circuitOf(shown, now),
            ...(digest && {
              lastDigest: {
                delivery: digest.delivery,
                at: DateTime.makeUnsafe(digest.at),
                status: digest.status,
                included: digest.included,
                ...(publicUrl && { page: new URL(`digests/${digest.key}`, publicUrl) })
              }
            }),
            ...(isStorm && {
              storm: {
                since: DateTime.makeUnsafe(oldest),
                sent: yield* overview.sentInDigests(shown.id, oldest),
                pending,
                endsAt: DateTime.makeUnsafe(
                  now + wait + Math.ceil(((Math.ceil(pending / mostInDigest) - 1) * 60_000) / perMinute)
                )
              }
            })
          }
          return lane
        })
      )
    })

    return handlers.handleAll({
      list: ({ query: { after } }) => Effect.map(shownLanes, (lanes) => boundedList(lanes, after)),
      activity: Effect.fnUntraced(function* () {
        const { items, since } = yield* overview.activity
        return { items, since: DateTime.makeUnsafe(since) }
      })
    })
  })
)

const circuitOf = ({ broken, waiting }: ShownIntegration, now: number): (typeof LaneJson.Type)["circuit"] => {
  if (broken !== undefined) return { state: "open", because: "broken", reason: broken.reason }
  return waiting === undefined || waiting.until <= now
    ? { state: "closed" }
    : { state: "open", because: waiting.because, until: DateTime.makeUnsafe(waiting.until) }
}
