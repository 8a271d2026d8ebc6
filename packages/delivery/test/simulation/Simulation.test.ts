import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { generate } from "./generate.ts"
import { run, type Way } from "./Run.ts"
import { print } from "./Script.ts"
import { replay, seeds } from "./settings.ts"
import { shrink } from "./shrink.ts"

const simulate = Effect.fnUntraced(function* (seed: number, way: Way = {}) {
  const script = generate(seed)
  const { violations } = yield* run(seed, script, way)
  const [first] = violations
  if (first === undefined) return
  // Another promise that breaks on the way is another story.
  const isSame = (violation: string) => violation.split(":")[0] === first.split(":")[0]
  const short = yield* shrink(script, (candidate) =>
    Effect.map(run(seed, candidate, way), ({ violations }) => violations.some(isSame))
  )
  const { violations: left } = yield* run(seed, short, way)
  assert.fail(
    [
      `Seed ${seed} breaks a promise. Run it again: ${replay(seed)}`,
      ...violations,
      `Shrunk from ${script.length} steps to ${short.length}:`,
      print(short),
      ...left
    ].join("\n")
  )
})

/** The general way is the reference: without shortcuts, the same holds and comes of it. */
const compare = Effect.fnUntraced(function* (seed: number) {
  const script = generate(seed)
  const { ends } = yield* run(seed, script)
  const general = yield* run(seed, script, { isGeneral: true })
  assert.deepStrictEqual(general.violations, [], `seed ${seed} in the general way: ${replay(seed)}`)
  assert.deepStrictEqual(ends, general.ends, `seed ${seed} ends otherwise in the general way: ${replay(seed)}`)
})

const perTest = 25

describe("Simulation", () => {
  it.effect.each([1, 2, 3].map((n) => seeds.first + n * 7))("runs seed %s the same way twice", (seed) =>
    Effect.gen(function* () {
      const script = generate(seed)
      assert.deepStrictEqual(generate(seed), script)
      assert.strictEqual((yield* run(seed, script)).trace, (yield* run(seed, script)).trace)
    })
  )

  const firsts = Array.from({ length: Math.ceil(seeds.count / perTest) }, (_, n) => seeds.first + n * perTest)
  it.effect.each(firsts)("every invariant holds, from seed %s on", (first) =>
    Effect.gen(function* () {
      const last = Math.min(first + perTest, seeds.first + seeds.count)
      for (let seed = first; seed < last; seed++) yield* simulate(seed)
    })
  )

  it.effect.each(firsts)("every fifth run ends as in the general way, from seed %s on", (first) =>
    Effect.gen(function* () {
      const last = Math.min(first + perTest, seeds.first + seeds.count)
      for (let seed = first; seed < last; seed += 5) yield* compare(seed)
    })
  )

  it.effect.each([1, 2].map((n) => seeds.first + n * 7))("runs seed %s on two gateways the same way twice", (seed) =>
    Effect.gen(function* () {
      const [script, way] = [generate(seed), { gateways: 2 }]
      assert.strictEqual((yield* run(seed, script, way)).trace, (yield* run(seed, script, way)).trace)
    })
  )

  const some = seeds.count <= perTest ? Math.ceil(seeds.count / 5) : seeds.count
  const firstsOfSome = Array.from({ length: Math.ceil(some / perTest) }, (_, n) => seeds.first + n * perTest)
  it.effect.each(firstsOfSome)("every invariant holds with two gateways on one store, from seed %s on", (first) =>
    Effect.gen(function* () {
      const last = Math.min(first + perTest, seeds.first + some)
      for (let seed = first; seed < last; seed++) yield* simulate(seed, { gateways: 2 })
    })
  )
})
