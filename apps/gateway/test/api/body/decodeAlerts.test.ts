import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { decodeAlerts } from "../../../src/api/body/decodeAlerts.ts"
import { alert } from "../../harness/posting.ts"

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
    const exit = await Effect.runPromiseExit(decodeAlerts({ value: body }))
    isDone = true
    return { exit, turns }
  })

describe("Decoding posted alerts", () => {
  it.effect.each([
    ["20,000 observations of 5 values", alert("a", { observations: many(20_000, (n) => observation(n)) }), 100],
    ["99,000 targets", alert("a", { test: { name: "t", targets: many(99_000, (n) => `host-${n}`) } }), 99],
    ["1,000 alerts", many(1000, (n) => alert("a", { id: `${n}`, observations: [observation(n)] })), 20],
    ["20,000 observations that are wrong", alert("a", { observations: many(20_000, () => ({ name: "" })) }), 100],
    ["99,000 targets that are wrong", alert("a", { test: { name: "t", targets: many(99_000, () => 0) } }), 99]
  ] as const)("lets others run: %s", ([, body, least]) =>
    Effect.gen(function* () {
      const { turns } = yield* decodeAndCount(body)
      assert.isAtLeast(turns, least)
    })
  )

  it.effect("keeps every element of a long array", () =>
    Effect.gen(function* () {
      const observations = many(3000, observation)
      const { exit } = yield* decodeAndCount([alert("a", { observations }), alert("b", { observations })])
      assert.isTrue(Exit.isSuccess(exit))
      const [, second] = Exit.isSuccess(exit) ? exit.value : []
      assert.deepStrictEqual(
        second?.observations?.map(({ link, ...rest }) => ({ ...rest, link: link?.href })),
        observations
      )
    })
  )

  it.effect("lists the first 100 errors, each with its index", () =>
    Effect.gen(function* () {
      const { detail, errors } = yield* Effect.flip(
        decodeAlerts({ value: [alert("a"), alert("b", { observations: many(20_000, () => ({ name: "" })) })] })
      )
      assert.lengthOf(errors, 100)
      assert.strictEqual(errors[0]?.path, "/1/observations/0/name")
      assert.strictEqual(errors[99]?.path, "/1/observations/99/name")
      assert.include(detail, "There are more than 100 errors; the first are listed")
    })
  )

  it.effect("refuses more than 1,000 alerts before it decodes them", () =>
    Effect.gen(function* () {
      const { errors } = yield* Effect.flip(decodeAlerts({ value: many(1001, () => 0) }))
      assert.deepStrictEqual(
        errors.map(({ expected, path }) => [path, expected]),
        [["", "at most 1000 alerts"]]
      )
    })
  )
})

const observation = (n: number) => ({
  name: `agent ${n}`,
  atStart: "1 %",
  atEnd: "0 %",
  link: `https://example.com/${n}`
})
