/**
 * The engine's metrics for operators, in Effect's registry of the process. Names and labels follow
 * https://prometheus.io/docs/practices/naming/.
 */
import type { IntegrationId } from "@tocsin/core"
import { Context, Metric } from "effect"

/** How many sources have their own series; all others share one, because senders choose the names. */
const mostSources = 100

/** The label of the sources that have no series of their own. */
const otherSources = "other"

/** One metric with labels: its series are made once. */
const labelled = <Input, State>(metric: Metric.Metric<Input, State>) => {
  const known = new Map<string, Metric.Metric<Input, State>>()
  return (labels: { readonly [name: string]: string }, input: Input): void => {
    // At most one of the values is free text, so keys are distinct.
    const key = Object.values(labels).join("\n")
    const series = known.get(key) ?? Metric.withAttributes(metric, labels)
    known.set(key, series)
    series.updateUnsafe(input, Context.empty())
  }
}

const sources = new Set<string>()

const sourceLabel = (source: string) => {
  if (sources.size < mostSources) sources.add(source)
  return sources.has(source) ? source : otherSources
}

const events = labelled(
  Metric.counter("tocsin_events_total", {
    description: "Events that were accepted, by source and by what they did: accepted, duplicate or late.",
    incremental: true
  })
)

/** An event that is on the disk. */
export const countEvent = (source: string, status: string): void => events({ source: sourceLabel(source), status }, 1)

const unreadable = labelled(
  Metric.counter("tocsin_unreadable_bodies_total", {
    description: "Bodies from sources that could not be read.",
    incremental: true
  })
)

/** A body that could not be read. */
export const countUnreadable = (source: string): void => unreadable({ source: sourceLabel(source) }, 1)

const attempts = labelled(
  Metric.counter("tocsin_attempts_total", {
    description: "Attempts to send a message, by integration and result: delivered, or the reason of the failure.",
    incremental: true
  })
)

const attemptSeconds = labelled(
  Metric.histogram("tocsin_attempt_duration_seconds", {
    description: "How long an attempt took until the service answered, by channel type.",
    boundaries: Metric.boundariesFromIterable([0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30])
  })
)

/** An attempt that ended, after so many milliseconds. */
export const countAttempt = (
  integration: IntegrationId,
  { duration, result, type }: { readonly duration: number; readonly result: string; readonly type: string }
): void => {
  attempts({ integration, type, result }, 1)
  attemptSeconds({ type }, duration / 1000)
}

const deliveries = labelled(
  Metric.counter("tocsin_deliveries_total", {
    description: "Deliveries that ended, by integration, outcome (delivered, dead or diverted) and reason.",
    incremental: true
  })
)

/** Deliveries that ended. `reason` is that of the last failure, or empty. */
export const countDeliveries = (
  integration: IntegrationId,
  { count = 1, outcome, reason = "" }: { readonly count?: number; readonly outcome: Ended; readonly reason?: string }
): void => deliveries({ integration, outcome, reason }, count)

type Ended = "delivered" | "dead" | "diverted"

const digests = labelled(
  Metric.counter("tocsin_digests_total", { description: "Digests that were delivered.", incremental: true })
)

/** A digest that was delivered. */
export const countDigest = (integration: IntegrationId): void => digests({ integration }, 1)

const commitSeconds = Metric.histogram("tocsin_commit_duration_seconds", {
  description: "How long a transaction of the store took, its sync to the disk included.",
  boundaries: Metric.boundariesFromIterable([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5])
})

const commitWrites = Metric.histogram("tocsin_commit_writes", {
  description: "How many writes one transaction of the store held.",
  boundaries: Metric.boundariesFromIterable([1, 2, 4, 8, 16, 32, 64, 128, 256])
})

/** A transaction of so many writes that took so many milliseconds. */
export const observeCommit = (writes: number, duration: number): void => {
  commitSeconds.updateUnsafe(duration / 1000, Context.empty())
  commitWrites.updateUnsafe(writes, Context.empty())
}
