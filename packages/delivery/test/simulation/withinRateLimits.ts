/**
 * B1 to B3: what a service received within any time, against its rate limit. B2 lets a
 * bucket hold one after a start and after a pause that the service asked for.
 */
import type { Evidence } from "./invariants.ts"
import type { Rate } from "./Script.ts"
import { verifies } from "./Services.ts"

export const withinRateLimits = ({ calls, model, pauses, starts, steps }: Evidence): ReadonlyArray<string> =>
  // Integrations of two types share no rate limit (B1).
  [...Map.groupBy(calls, ({ integration, key }) => `${verifies(integration)} ${key}`).values()].flatMap((received) => {
    const { integration, key } = received[0]!
    // While all who share it stay as they are the slowest rate holds; else, soundly, the widest that ever was.
    const { integrations } = model.conversations
    const saved = model.conversations.saved.filter(
      (one) => one.key === key && verifies(one.id) === verifies(integration)
    )
    const rates = saved.map(({ limits, rate }): Rate => limits ?? rate)
    const isEdited =
      new Set(saved.map(({ id }) => id)).size < saved.length || saved.some(({ id }) => !integrations.has(id))
    const among = isEdited ? Math.max : Math.min
    const perMillisecond = among(...rates.map(({ messages, perSeconds }) => messages / (perSeconds * 1000)))
    const slowest = rates.filter(({ messages, perSeconds }) => messages / (perSeconds * 1000) === perMillisecond)
    const burst = Math.max(...(isEdited ? rates : slowest).map((rate) => rate.burst))
    const granted = [...starts, ...pauses.filter((pause) => pause.key === key).map(({ at }) => at)]

    return received
      .flatMap((first, from) =>
        received.slice(from).flatMap((last, index) => {
          const isWithin = (at: number) => at >= first.at && at <= last.at
          const forward = steps
            .filter(({ at }) => isWithin(at))
            .reduce((sum, { milliseconds }) => sum + Math.max(0, milliseconds), 0)
          const allowed =
            burst +
            (last.at - first.at + forward) * perMillisecond +
            granted.filter((at) => at > first.at && isWithin(at)).length
          return index + 1 > allowed + 1e-6
            ? [
                `B: ${index + 1} messages in ${last.at - first.at} ms where ${allowed.toFixed(2)} may be: rate limit ${key}`
              ]
            : []
        })
      )
      .slice(0, 1)
  })
