/**
 * What an integration may be sent, and what its budgets are known by (cases B1, B3).
 */
import { type ChannelPlugin, Limits } from "@tocsin/core"
import { Redacted } from "effect"
import { hash } from "node:crypto"
import type { ReadyIntegration } from "./Integrations.ts"
import { partitions } from "../cluster/Peers.ts"

/** One limit of a service. */
export interface Budget extends Limits {
  /** Hashed, because a credential may stand in what the plugin calls it. */
  readonly key: string
}

/** What the budget that a plugin calls so is known by. */
export const hashed = (key: ChannelPlugin.Budget["key"]): string =>
  hash("sha256", Redacted.isRedacted(key) ? Redacted.value(key) : key)

/** The plugin's budgets, or the operator's own in place of them (B3). */
export const rateLimitsOf = ({
  integration: { limits, settings },
  plugin
}: Pick<ReadyIntegration, "plugin"> & {
  readonly integration: Pick<ReadyIntegration["integration"], "settings" | "limits">
}): ReadonlyArray<Budget> => {
  const declared = plugin.budgets(settings).map(({ key, ...rate }) => ({ ...rate, key: hashed(key) }))
  const [first] = declared
  return limits === undefined || first === undefined ? declared : [{ ...limits, key: first.key }]
}

/** The keys of its budgets; none if the plugin fails. */
export const rateLimitKeys = (ready: Parameters<typeof rateLimitsOf>[0]): ReadonlyArray<string> => {
  try {
    return rateLimitsOf(ready).map(({ key }) => key)
  } catch {
    return []
  }
}

/**
 * Which partition each integration belongs to. Those that share a budget belong together, also by way of others: one
 * gateway keeps all budgets that any of them spends (M1).
 */
export const assignPartitions = (
  integrations: ReadonlyArray<{ readonly id: string; readonly budgets: ReadonlyArray<string> }>
): ReadonlyMap<string, number> => {
  const groups = new Map<string, ReadonlySet<string>>()
  for (const { budgets } of integrations) {
    const group = new Set(budgets.flatMap((key) => [key, ...(groups.get(key) ?? [])]))
    for (const key of group) groups.set(key, group)
  }
  return new Map(
    integrations.map(({ budgets: [first], id }) => {
      const [name = hashed(id)] = [...(groups.get(first ?? "") ?? [])].toSorted()
      return [id, Number.parseInt(name.slice(0, 2), 16) % partitions]
    })
  )
}
