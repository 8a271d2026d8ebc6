/**
 * The log of a lane: one line when its integration breaks, its circuit opens, it recovers, and when a storm begins and
 * ends.
 */
import type { IntegrationId } from "@tocsin/core"
import { Effect } from "effect"
import type { Health } from "../domain/circuitBreaker.ts"

/** The log of one lane. */
export interface LaneLog {
  /** After a failure: logs that the integration broke, or that its circuit opened, once for each time. */
  readonly failed: (health: Health, because: string) => Effect.Effect<void>
  /** After a success: logs that the integration works again. */
  readonly worked: Effect.Effect<void>
  /** After an edit: later findings are logged again. */
  readonly edited: () => void
  /** Logs that a storm begins, with the number of pending deliveries. */
  readonly storm: (pending: number) => Effect.Effect<void>
  /** Logs a bug by the name of its error: the error itself may hold settings. */
  readonly bug: (defect: unknown) => Effect.Effect<void>
  /** Whether a storm began, and is not over. */
  readonly isStorm: () => boolean
  /** Nothing is pending: logs that a storm is over. */
  readonly calm: Effect.Effect<void>
}

/** Makes the log of an integration's lane. */
export const makeLaneLog = (integration: IntegrationId): LaneLog => {
  let trouble: "broken" | "unavailable" | "before the edit" | undefined
  let isStorm = false

  const log = (level: "Error" | "Warn" | "Info", event: string, message: string) =>
    Effect.annotateLogs(Effect.logWithLevel(level)(message), { event, integration })

  return {
    failed: ({ blocked }, because) => {
      if (blocked === undefined || blocked.why === "limited" || blocked.why === trouble) return Effect.void
      trouble = blocked.why
      return trouble === "broken"
        ? log("Warn", "integration-broken", `Integration ${integration} is broken: ${because}`)
        : log("Warn", "circuit-open", `The circuit of integration ${integration} is open: ${because}`)
    },
    worked: Effect.suspend(() => {
      if (trouble === undefined) return Effect.void
      trouble = undefined
      return log("Info", "integration-recovered", `Integration ${integration} works again.`)
    }),
    edited: () => {
      if (trouble !== undefined) trouble = "before the edit"
    },
    storm: (pending) => {
      if (isStorm) return Effect.void
      isStorm = true
      const message = `A storm at integration ${integration} begins: ${pending} deliveries are pending, and are sent as digests.`
      return log("Warn", "storm-begins", message)
    },
    bug: (defect) => {
      const name = defect instanceof Error ? defect.name : typeof defect
      return log("Error", "lane-failed", `The lane of integration ${integration} met a bug: ${name}`)
    },
    isStorm: () => isStorm,
    calm: Effect.suspend(() => {
      if (!isStorm) return Effect.void
      isStorm = false
      return log("Info", "storm-ends", `The storm at integration ${integration} is over.`)
    })
  }
}
