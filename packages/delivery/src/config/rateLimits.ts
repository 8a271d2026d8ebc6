/**
 * The rate limits of an integration, and the hashed keys that identify them (cases B1, B3).
 */
import { type ChannelPlugin, Limits } from "@tocsin/core"
import { Redacted } from "effect"
import { hash } from "node:crypto"
import type { ReadyIntegration } from "../domain/integration.ts"

/** One limit of a service. */
export interface RateLimit extends Limits {
  /** Hashed, because the plugin's own key may contain a credential. */
  readonly key: string
}

/** Hashes the key of a rate limit. Two types never share a rate limit, whatever keys their plugins choose. */
export const hashed = (type: string, key: ChannelPlugin.RateLimit["key"]): string =>
  hash("sha256", `${type}\n${Redacted.isRedacted(key) ? Redacted.value(key) : key}`)

/** The plugin's rate limits, or the operator's `limits` instead of them (B3). */
export const rateLimitsOf = ({
  integration: { limits, settings },
  plugin
}: Pick<ReadyIntegration, "plugin"> & {
  readonly integration: Pick<ReadyIntegration["integration"], "settings" | "limits">
}): ReadonlyArray<RateLimit> => {
  const declared = plugin.rateLimits(settings).map(({ key, ...rate }) => ({ ...rate, key: hashed(plugin.type, key) }))
  const [first] = declared
  return limits === undefined || first === undefined ? declared : [{ ...limits, key: first.key }]
}

/** The keys of the integration's rate limits; none if the plugin throws. */
export const rateLimitKeys = (ready: Parameters<typeof rateLimitsOf>[0]): ReadonlyArray<string> => {
  try {
    return rateLimitsOf(ready).map(({ key }) => key)
  } catch {
    return []
  }
}
