import { assert, describe, it } from "@effect/vitest"
import { DestinationGone, Misconfigured, PayloadRejected, RateLimited, Unauthorized, Unavailable } from "@tocsin/core"
import { Duration } from "effect"
import { consequence, type Failed } from "../../src/domain/retryPolicy.ts"

const day = 86_400_000
const detail = "x"
const failed = (changes: Partial<Failed>): Failed => ({
  reason: new Unavailable({ detail }),
  attempts: 1,
  form: "rich",
  createdAt: 0,
  startedAt: 1000,
  now: 1000,
  jitter: 1,
  options: {},
  ...changes
})
const nextAt = (changes: Partial<Failed>) => {
  const delivery = consequence(failed(changes))
  return delivery.status === "retrying" ? delivery.nextAt : delivery.status
}

describe("consequence", () => {
  it("backs off from one second, doubling, to five minutes, with full jitter", () => {
    const pauses = [1, 2, 3, 9, 10, 100].map((attempts) => nextAt({ attempts, now: 0 }))
    assert.deepStrictEqual(pauses, [1000, 2000, 4000, 256_000, 300_000, 300_000])
    assert.strictEqual(nextAt({ attempts: 9, now: 0, jitter: 0.25 }), 64_000)
    assert.strictEqual(nextAt({ attempts: 9, now: 0, options: { maxBackoff: 10 } }), 10_000)
  })

  it("waits for as long as the service asks, at least a second", () => {
    const reason = new RateLimited({ detail, retryAfter: Duration.seconds(17) })
    assert.deepStrictEqual(consequence(failed({ reason })), { status: "retrying", nextAt: 18_000, form: "rich" })
    const unavailable = new Unavailable({ detail, retryAfter: Duration.seconds(17) })
    assert.strictEqual(nextAt({ reason: unavailable }), 18_000)
    assert.strictEqual(nextAt({ reason: unavailable, attempts: 9, now: 0 }), 256_000)
    assert.strictEqual(nextAt({ reason: new RateLimited({ detail, retryAfter: Duration.zero }), jitter: 0 }), 2000)
  })

  it.each([undefined, 1])("doubles the pause with each rate-limit answer in a row that asks for %s s", (seconds) => {
    const retryAfter = seconds === undefined ? undefined : Duration.seconds(seconds)
    const reason = new RateLimited({ detail, ...(retryAfter && { retryAfter }) })
    const pauses = (jitter: number) =>
      [1, 2, 3, 9, 10, 100].map((attempts) => nextAt({ reason, attempts, now: 0, jitter }))
    assert.deepStrictEqual(pauses(0), [1000, 2000, 4000, 256_000, 300_000, 300_000])
    assert.deepStrictEqual(pauses(1), [1500, 3000, 6000, 300_000, 300_000, 300_000])
    assert.strictEqual(nextAt({ reason, attempts: 9, now: 0, options: { maxBackoff: 10 } }), 10_000)
  })

  it("tries a refused message once more in plain form, at once", () => {
    const reason = new PayloadRejected({ detail })
    assert.deepStrictEqual(consequence(failed({ reason })), { status: "retrying", nextAt: 1000, form: "plain" })
    assert.deepStrictEqual(consequence(failed({ reason, form: "plain" })), { status: "dead" })
  })

  it.each([new Unauthorized({ detail }), new DestinationGone({ detail }), new Misconfigured({ detail })])(
    "keeps the delivery for $_tag",
    (reason) => {
      assert.deepStrictEqual(consequence(failed({ reason })), { status: "retrying", nextAt: 1000, form: "rich" })
    }
  )

  it("gives up only after an attempt past the deadline, for any reason", () => {
    const reasons = [
      new Unavailable({ detail }),
      new Unauthorized({ detail }),
      new RateLimited({ detail, retryAfter: Duration.seconds(1) }),
      new PayloadRejected({ detail })
    ]
    for (const reason of reasons) {
      assert.notStrictEqual(nextAt({ reason, startedAt: day - 1, now: day + 10_000 }), "dead")
      assert.strictEqual(nextAt({ reason, startedAt: day, now: day }), "dead")
      assert.strictEqual(nextAt({ reason, startedAt: 60_000, now: 60_000, options: { deadline: 60 } }), "dead")
    }
  })
})
