import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { inject } from "vitest"
import { run } from "./Run.ts"
import type { Action, Script } from "./Script.ts"

/** The operations of fibers between two moments at which the gateway is killed. */
const step = inject("breadth") === "all" ? 17 : 197

/** By then, the message of an alert that is raised alone was sent and recorded. */
const last = 4000

const at = (after: number, action: Action) => ({ after, action })

/** Raises an alert at an idle lane, and kills the gateway so many operations later. */
const killedAfter = (operations: number): Script => [
  at(0, {
    _tag: "SaveIntegration",
    integration: {
      id: "ops",
      enabled: true,
      key: "ops",
      rate: { messages: 100, perSeconds: 1, burst: 100 },
      place: 1
    }
  }),
  at(0, {
    _tag: "SaveRule",
    rule: { id: "all", enabled: true, integrations: ["ops"], notifyOnClear: true }
  }),
  at(10_000, { _tag: "Crash", operations, pause: 1000 }),
  at(0, {
    _tag: "Events",
    calls: [
      [
        {
          source: "monitor",
          sourceId: "a",
          state: "raised",
          severity: "major",
          team: "net",
          summary: "a",
          startedAt: 10_000,
          reusesId: true
        }
      ]
    ]
  }),
  at(60_000, {
    _tag: "Events",
    calls: [
      [
        {
          source: "monitor",
          sourceId: "a",
          state: "cleared",
          severity: "major",
          team: "net",
          summary: "a",
          startedAt: 10_000,
          clearedAt: 60_000,
          reusesId: true
        }
      ]
    ]
  })
]

describe("A gateway that is killed between any two operations, from a request to the record of its message", () => {
  it.effect.each([
    ["with shortcuts", false],
    ["in the general way", true]
  ] as const)("loses no alert, and marks what may have been sent twice, %s", ([, isGeneral]) =>
    Effect.gen(function* () {
      const moments = Array.from({ length: Math.ceil(last / step) }, (_, n) => n * step)
      const traces = new Set<string>()
      for (const moment of moments) {
        const { trace, violations } = yield* run(1, killedAfter(moment), { isGeneral })
        assert.deepStrictEqual(violations, [], `killed after ${moment} operations`)
        traces.add(trace)
      }
      // Before and after each commit, before and after the service accepted it.
      assert.isAtLeast(traces.size, 4)
    })
  )
})
