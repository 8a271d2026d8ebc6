import { assert, describe, it } from "@effect/vitest"
import { ThousandEyes } from "@tocsin/sources"
import { Effect } from "effect"
import { decodeAndCount, many } from "./countTurns.ts"
import { altered } from "./fixtures.ts"

const agent = (n: number) => ({ agentId: n, agentName: `Agent ${n}`, active: 1, metricsAtStart: "1 %" })
const detail = (n: number) => ({ metricsAtStart: "1 %", source: { id: n, name: `Agent ${n}` } })
const custom = (fields: object) => ({ type: "2", alert: { id: 1, ...fields } })

describe("Decoding a large body of ThousandEyes", () => {
  it.effect.each([
    ["24,000 agents", altered("thousandeyes-trigger", { agents: many(24_000, agent) }), 5000, 50],
    ["24,000 details", custom({ details: many(24_000, detail) }), 5000, 30],
    [
      "99,000 targets",
      altered("thousandeyes-trigger", { agents: [], testTargetsDescription: many(99_000, String) }),
      0,
      98
    ],
    ["49,000 labels", custom({ test: { labels: many(49_000, String) } }), 0, 48],
    [
      "49,000 named labels",
      altered("thousandeyes-trigger", { agents: [], testLabels: many(49_000, (n) => ({ name: n })) }),
      0,
      97
    ]
  ] as const)("lets others run after 1,000 values at the latest: %s", ([, body, observations, least]) =>
    Effect.gen(function* () {
      const { decoded, turns } = yield* decodeAndCount(ThousandEyes, body)
      assert.isAtLeast(turns, least)
      assert(decoded._tag === "Events")
      assert.deepStrictEqual(
        decoded.events.map((event) => event.observations.length),
        [observations]
      )
    })
  )
})
