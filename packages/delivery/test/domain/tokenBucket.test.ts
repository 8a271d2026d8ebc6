import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { type Bucket, emptyUntil, fill, start, waitFor } from "../../src/domain/tokenBucket.ts"

const rate = { messages: 30, perSeconds: 60, burst: 5 }

/** Sends as fast as the bucket lets it, for so many milliseconds; gives the times. */
const flood = (bucket: Bucket, from: number, length: number) => {
  const times: Array<number> = []
  let now = from
  for (let current = bucket; now < from + length;) {
    current = fill(current, rate, now)
    const wait = waitFor(current, rate, now)
    if (wait > 0) {
      now += wait
      continue
    }
    times.push(now)
    current = { ...current, tokens: current.tokens - 1 }
  }
  return times
}

describe("A token bucket", () => {
  it("holds one token after a start, and fills while idle, never above the burst", () => {
    assert.deepStrictEqual(flood(start(0), 0, 5000), [0, 2000, 4000])
    assert.lengthOf(
      flood(start(0), 3_600_000, 1000).filter((at) => at === 3_600_000),
      rate.burst
    )
  })

  it("holds one token after a pause that the service requested", () => {
    assert.deepStrictEqual(flood(emptyUntil(start(0), 10_000), 0, 13_000), [10_000, 12_000])
  })

  it("gains nothing when the clock is set back, and fills from then on", () => {
    const spent = { ...fill(start(100_000), rate, 100_000), tokens: 0 }
    const back = fill(spent, rate, 50_000)
    assert.strictEqual(back.tokens, 0)
    assert.strictEqual(waitFor(back, rate, 50_000), 2000)
  })

  const idles = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100_000 })))
  it.prop("lets no more through in any window than the burst and the rate allow", [idles], ([idles]) => {
    let bucket = start(0)
    let now = 0
    const times: Array<number> = []
    for (const idle of idles) {
      now += idle
      for (let tries = 0; tries < 20; tries++) {
        bucket = fill(bucket, rate, now)
        if (waitFor(bucket, rate, now) > 0) break
        times.push(now)
        bucket = { ...bucket, tokens: bucket.tokens - 1 }
      }
    }
    for (const [from, first] of times.entries()) {
      for (const [index, last] of times.entries()) {
        if (index < from) continue
        const allowed = rate.burst + ((last - first) * rate.messages) / (rate.perSeconds * 1000)
        assert.isAtMost(index - from + 1, Math.ceil(allowed + 1e-9))
      }
    }
  })
})
