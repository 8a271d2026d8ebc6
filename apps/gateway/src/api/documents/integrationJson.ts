/**
 * An integration as the API shows it.
 */
import type { Integration as IntegrationJson } from "@tocsin/client"
import type { Pending, ShownIntegration } from "@tocsin/delivery"
import { DateTime } from "effect"

/** The state of an integration now, in epoch milliseconds: broken, waiting, or ok. */
export const stateOf = ({ broken, waiting }: ShownIntegration, now: number) => {
  if (broken !== undefined) return "broken"
  return waiting === undefined || waiting.until <= now ? "ok" : "waiting"
}

/** The JSON of an integration, with the current state of its lane. `now` is in epoch milliseconds. */
export const integrationJson = (
  shown: ShownIntegration,
  {
    now,
    pending,
    rules
  }: Pick<typeof IntegrationJson.Type, "rules"> & { readonly now: number; readonly pending: Pending }
): typeof IntegrationJson.Type => {
  const {
    broken,
    createdAt,
    lastFailure,
    lastSuccessAt,
    paused,
    sequence: _,
    updatedAt,
    waiting,
    ...integration
  } = shown
  return {
    ...integration,
    state: stateOf(shown, now),
    ...(waiting !== undefined &&
      waiting.until > now && { waiting: { because: waiting.because, until: DateTime.makeUnsafe(waiting.until) } }),
    backlog: pending.size,
    rules,
    ...(pending.oldestAt !== undefined && { oldestAt: DateTime.makeUnsafe(pending.oldestAt) }),
    ...(broken && { broken: { reason: broken.reason, since: DateTime.makeUnsafe(broken.since) } }),
    ...(lastSuccessAt !== undefined && { lastSuccessAt: DateTime.makeUnsafe(lastSuccessAt) }),
    ...(lastFailure && { lastFailure: { at: DateTime.makeUnsafe(lastFailure.at), reason: lastFailure.reason } }),
    ...(paused && { paused: { ...paused, since: DateTime.makeUnsafe(paused.since) } }),
    createdAt: DateTime.makeUnsafe(createdAt),
    updatedAt: DateTime.makeUnsafe(updatedAt)
  }
}
