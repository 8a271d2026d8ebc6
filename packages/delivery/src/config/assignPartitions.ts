import { hash } from "node:crypto"
import { partitionCount } from "../sql/locks.ts"

/**
 * Assigns a partition to each integration. Integrations that share a rate limit, directly or through others, share a
 * partition, so that one gateway owns all their rate limits (M1).
 */
export const assignPartitions = (
  integrations: ReadonlyArray<{ readonly id: string; readonly rateLimits: ReadonlyArray<string> }>
): ReadonlyMap<string, number> => {
  const groups = new Map<string, ReadonlySet<string>>()
  for (const { rateLimits } of integrations) {
    const group = new Set(rateLimits.flatMap((key) => [key, ...(groups.get(key) ?? [])]))
    for (const key of group) groups.set(key, group)
  }
  return new Map(
    integrations.map(({ rateLimits: [first], id }) => {
      const [name = hash("sha256", id)] = [...(groups.get(first ?? "") ?? [])].toSorted()
      return [id, Number.parseInt(name.slice(0, 2), 16) % partitionCount]
    })
  )
}
