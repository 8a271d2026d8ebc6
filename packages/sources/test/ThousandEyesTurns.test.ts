import { assert, describe, it } from "@effect/vitest"
import { ThousandEyes } from "@tocsin/sources"
import { Effect } from "effect"
import { altered, options } from "./fixtures.ts"

const many = <A>(count: number, make: (n: number) => A) => Array.from({ length: count }, (_, n) => make(n))

/** Decodes, and counts the turns of the event loop meanwhile. */
const decodeAndCount = (body: unknown) =>
  Effect.promise(async () => {
    let turns = 0
    let isDone = false
    const turn = () => {
      turns++
      if (!isDone) setImmediate(turn)
    }
    setImmediate(turn)
    const decoded = await Effect.runPromise(ThousandEyes.decode(body, options))
    isDone = true
    return { decoded, turns }
  })

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
      const { decoded, turns } = yield* decodeAndCount(body)
      assert.isAtLeast(turns, least)
      assert(decoded._tag === "Events")
      assert.deepStrictEqual(
        decoded.events.map((event) => event.observations.length),
        [observations]
      )
    })
  )
})
