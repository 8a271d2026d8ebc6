import { assert, it } from "@effect/vitest"
import { InboundLimits } from "@tocsin/core"
import { truncateEvent } from "../../src/domain/truncateEvent.ts"
import { event } from "../harness/engine.ts"

const long = "x".repeat(10_000)

it("cuts every text of an event to its limit", () => {
  const { rule, sourceId, summary, test } = truncateEvent(
    event(long, {
      summary: long,
      rule: { name: long, id: long },
      test: { name: long, targets: Array.from({ length: 100 }, (_, n) => `t${n}`) }
    })
  )
  assert.isAtMost(sourceId.length, InboundLimits.maxIdLength)
  assert.isAtMost(rule.id?.length ?? 0, InboundLimits.maxIdLength)
  for (const text of [summary, rule.name, test?.name]) assert.isAtMost(text?.length ?? 0, InboundLimits.maxTextLength)
  assert.lengthOf(test?.targets ?? [], InboundLimits.maxTargets)
  assert.include(test?.targets?.at(-1), String(100 - (InboundLimits.maxTargets - 1)))
})

it("counts omitted observations", () => {
  const observations = Array.from({ length: InboundLimits.maxObservations + 3 }, () => ({ name: "n" }))
  const kept = truncateEvent(event("a", { observations, observationsOmitted: 2 }))
  assert.lengthOf(kept.observations, InboundLimits.maxObservations)
  assert.strictEqual(kept.observationsOmitted, 5)
})

it("leaves an event within the limits unchanged, except for characters that no store keeps", () => {
  assert.deepStrictEqual(truncateEvent(event("a")), event("a"))
  assert.strictEqual(truncateEvent(event("a\0b")).sourceId, "a\uFFFDb")
})
