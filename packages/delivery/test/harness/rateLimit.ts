import { assert } from "@effect/vitest"
import type { Sent } from "./FakeChannel.ts"

/** Asserts that no more was sent within any time than a rate limit allows, and one more for each takeover of the lanes. */
export const assertKeepsTo = (
  { burst, perSecond }: { readonly burst: number; readonly perSecond: number },
  sent: ReadonlyArray<Sent>,
  takeovers: ReadonlyArray<number> = []
) => {
  const times = sent.map(({ at }) => at).toSorted((a, b) => a - b)
  for (const [first, from] of times.entries()) {
    for (const [others, to] of times.slice(first).entries()) {
      const more = takeovers.filter((at) => at >= from && at <= to).length
      assert.isAtMost(others + 1, burst + ((to - from) / 1000) * perSecond + more, `from ${from} to ${to}`)
    }
  }
}
