import { assert, describe, it } from "@effect/vitest"
import { DestinationGone, PayloadRejected, RateLimited, Unauthorized, Unavailable } from "@tocsin/core"
import { Duration } from "effect"
import type { ClaimedDelivery } from "../../src/domain/attempt.ts"
import {
  classify,
  classifyTest,
  classifyUnfinished,
  type FailedAttempt,
  noFindings,
  usualDigest
} from "../../src/domain/failurePolicy.ts"
import type { FailureReason } from "../../src/domain/failureReason.ts"
import { integrationId } from "../harness/engine.ts"

const now = 1_000_000
const detail = "HTTP 400"
const rejected = new PayloadRejected({ detail })
const slower = (pause: Duration.Input) => new RateLimited({ detail, retryAfter: Duration.fromInputUnsafe(pause) })

const threw: FailureReason = { _tag: "PluginFailed", detail: "TypeError in request" }

const attempt = (reason: FailureReason, form: "rich" | "plain" = "rich", included = 0): FailedAttempt => {
  const claimed: ClaimedDelivery = {
    id: "d",
    integration: integrationId("ops"),
    lease: { partition: 0, fence: 0 },
    notification:
      included > 0
        ? { _tag: "Digest", because: "storm", raised: included, cleared: 0, severity: "info", groups: [] }
        : { _tag: "Notice", severity: "info", headline: "h", lines: [] },
    options: { form, deliveryId: "d" },
    attempt: 1,
    createdAt: now,
    trace: null,
    included: Array.from({ length: included }, (_, n) => ({ delivery: `i${n}`, kind: "Raised" as const, trace: null }))
  }
  return { claimed, reason, options: {}, startedAt: now, now, jitter: 1 }
}

describe("A failed attempt", () => {
  it.each([
    ["of a broken integration breaks the lane", new Unauthorized({ detail }), true],
    ["at a destination that is gone breaks the lane", new DestinationGone({ detail }), true],
    ["of an unavailable service does not", new Unavailable({ detail }), false],
    ["that asks for a pause does not", slower("7 seconds"), false]
  ] as const)("%s (D3)", (_, reason, breaks) => {
    assert.strictEqual(classify(attempt(reason), noFindings).outcome.breaks, breaks)
  })

  it("with a pause has its end", () => {
    const { outcome } = classify(attempt(slower("7 seconds")), noFindings)
    assert.deepStrictEqual(outcome.waiting, { because: "limited", until: now + 7000 })
  })

  it.each([
    ["rich", { most: 500, form: "plain" }],
    ["plain", { most: 20, form: "rich" }]
  ] as const)("of a digest that is refused in %s form changes the next one (D5)", (form, digest) => {
    assert.deepStrictEqual(classify(attempt(rejected, form, 40), noFindings).findings.digest, digest)
  })

  it.each([
    ["rich", { most: 500, form: "plain" }],
    ["plain", { most: 20, form: "rich" }]
  ] as const)("of a digest at which the plugin throws in %s form changes the next one (D5)", (form, digest) => {
    const { findings, outcome } = classify(attempt(threw, form, 40), noFindings)
    assert.deepStrictEqual(findings.digest, digest)
    assert.deepStrictEqual(findings.health.pluginFailed, [])
    assert.isFalse(outcome.breaks)
  })

  it("of a single delivery does not affect digests", () => {
    assert.strictEqual(classify(attempt(rejected, "plain"), noFindings).findings.digest, usualDigest)
  })

  it("that did not begin is repeated at once, in the same form, past its deadline (D2)", () => {
    const { consequence, overBefore } = classifyUnfinished(attempt(new Unavailable({ detail }), "plain"))
    assert.deepStrictEqual(consequence, { status: "retrying", nextAt: now, form: "plain" })
    assert.strictEqual(overBefore, -Infinity)
  })

  it.each([
    ["is retried in plain form", rejected, "rich", { status: "retrying", nextAt: now, form: "plain" }],
    ["fails if the plain form is refused", rejected, "plain", { status: "dead" }],
    [
      "waits for up to five minutes",
      slower("5 minutes"),
      "rich",
      { status: "retrying", nextAt: now + 300_000, form: "rich" }
    ],
    ["waits no longer", slower("6 minutes"), "rich", { status: "dead" }],
    [
      "is retried in plain form if the plugin throws",
      threw,
      "rich",
      { status: "retrying", nextAt: now, form: "plain" }
    ],
    ["fails if the plugin throws at the plain form", threw, "plain", { status: "dead" }],
    ["fails if the service is unavailable", new Unavailable({ detail }), "rich", { status: "dead" }]
  ] as const)("of a test send %s (D6)", (_, reason, form, consequence) => {
    assert.deepStrictEqual(classifyTest(attempt(reason, form)).consequence, consequence)
  })
})
