import { assert, describe, it } from "@effect/vitest"
import { DestinationGone, PayloadRejected, RateLimited, Unavailable } from "@tocsin/core"
import { Duration } from "effect"
import * as Health from "../../src/domain/circuitBreaker.ts"
import type { FailureReason } from "../../src/domain/failureReason.ts"

const now = 1_000_000
const detail = "HTTP 500"

const failure = (reason: FailureReason, changes: Partial<Health.Failure> = {}): Health.Failure => ({
  delivery: "d",
  reason,
  isRefused: false,
  startedAt: now,
  now,
  jitter: 1,
  maxBackoff: 300_000,
  ...changes
})

const after = (failures: ReadonlyArray<Health.Failure>) => failures.reduce(Health.afterFailure, Health.healthy)
const unavailable = (count: number) => Array.from({ length: count }, () => failure(new Unavailable({ detail })))
const refusals = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    failure(new PayloadRejected({ detail }), { delivery: `d${n}`, isRefused: true })
  )
const bugs = (count: number, isRefused = true) =>
  Array.from({ length: count }, (_, n) =>
    failure({ _tag: "PluginFailed", detail: "TypeError in request" }, { delivery: `d${n}`, isRefused })
  )

describe("The circuit breaker", () => {
  it.each([
    ["stays closed after four failures", unavailable(4), undefined],
    ["opens with the fifth, for a second", unavailable(5), { why: "unavailable", since: now, until: now + 1000 }],
    [
      "waits as long as the service asks",
      [failure(new RateLimited({ detail, retryAfter: Duration.seconds(7) }))],
      { why: "limited", since: now, until: now + 7000 }
    ],
    [
      "breaks at once where a person must act",
      [failure(new DestinationGone({ detail }))],
      { why: "broken", since: now, until: now + 300_000 }
    ],
    ["goes on after four refusals", refusals(4), undefined],
    ["breaks with the fifth refusal", refusals(5), { why: "broken", since: now, until: now + 300_000 }],
    ["counts a delivery that is refused again once", [...refusals(4), ...refusals(1)], undefined],
    ["goes on after the plugin threw at two deliveries", bugs(2), undefined],
    ["breaks with the third", bugs(3), { why: "broken", since: now, until: now + 300_000 }],
    ["counts a delivery at which it throws again once", [...bugs(2), ...bugs(1)], undefined],
    ["does not count what the plain form may still deliver", bugs(3, false), undefined]
  ] as const)("%s (D3)", (_, failures, blocked) => {
    assert.deepStrictEqual(after(failures).blocked, blocked)
  })

  it("is not affected by attempts that began before it opened", () => {
    const open = after(unavailable(5))
    assert.strictEqual(Health.afterFailure(open, failure(new Unavailable({ detail }), { startedAt: now - 1 })), open)
  })

  it("closes after a success, unless the service asked for a pause", () => {
    assert.deepStrictEqual(Health.afterSuccess(after(unavailable(5)), now), Health.healthy)
    const limited = after([failure(new RateLimited({ detail, retryAfter: Duration.seconds(7) }))])
    assert.deepStrictEqual(Health.afterSuccess(limited, now).blocked, limited.blocked)
    assert.deepStrictEqual(Health.afterSuccess(limited, now + 7000), Health.healthy)
  })

  it("asks only a delivery, and no verification, whether a plugin that threw works again", () => {
    assert.isTrue(Health.isPluginFailing(after(bugs(3))))
    const broken = failure(new DestinationGone({ detail }))
    assert.isFalse(Health.isPluginFailing(after([...bugs(3), broken])))
    assert.isFalse(Health.isPluginFailing(Health.afterSuccess(after(bugs(3)), now)))
    const again = after([
      ...bugs(3),
      failure({ _tag: "PluginFailed", detail }, { delivery: "d9", isRefused: true, now: now + 1 })
    ])
    assert.deepStrictEqual(again.blocked, { why: "broken", since: now + 1, until: now + 1 + 300_000 })
  })

  it("requeues no delivery at which the plugin threw: none of them is dead", () => {
    const third = failure({ _tag: "PluginFailed", detail }, { delivery: "d2", isRefused: true })
    const before = after(bugs(2))
    assert.deepStrictEqual(Health.requeued(before, Health.afterFailure(before, third), third), [])
  })

  it("requeues the refused deliveries when it breaks", () => {
    const before = after(refusals(4))
    const fifth = failure(new PayloadRejected({ detail }), { delivery: "d4", isRefused: true })
    const requeued = Health.requeued(before, Health.afterFailure(before, fifth), fifth)
    assert.deepStrictEqual(requeued, ["d0", "d1", "d2", "d3", "d4"])
  })

  it.each([
    ["a healthy service never", Health.healthy, Infinity],
    ["a broken one at once", after([failure(new DestinationGone({ detail }))]), now],
    ["an unavailable one after its time", after(unavailable(1)), now + 300_000],
    [
      "one that asks for less, and never accepts anything, after its time",
      after([
        failure(new RateLimited({ detail, retryAfter: Duration.minutes(1) })),
        failure(new RateLimited({ detail }), { startedAt: now + 60_000, now: now + 60_000 })
      ]),
      now + 300_000
    ],
    [
      "one that asks for less, and accepted something meanwhile, never",
      Health.afterSuccess(after([failure(new RateLimited({ detail, retryAfter: Duration.minutes(1) }))]), now),
      Infinity
    ],
    [
      "one that asks for more at once",
      after([failure(new RateLimited({ detail, retryAfter: Duration.hours(1) }))]),
      now
    ]
  ] as const)("diverts the deliveries of %s (D4)", (_, health, at) => {
    assert.strictEqual(Health.divertsAt(health, 300), at)
  })

  it("does not wait longer after the clock was set back (T)", () => {
    const open = after(unavailable(5))
    assert.deepStrictEqual(Health.at(open, 0).blocked, { why: "unavailable", since: 0, until: 1000 })
  })
})
