import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { generate } from "./generate.ts"
import { run } from "./Run.ts"
import { print } from "./Script.ts"
import { replay, seeds } from "./settings.ts"
import { shrink } from "./shrink.ts"

const simulate = Effect.fnUntraced(function* (seed: number) {
  const script = generate(seed)
  const { violations } = yield* run(seed, script)
  const [first] = violations
  if (first === undefined) return
  // Another promise that breaks on the way is another story.
  const isSame = (violation: string) => violation.split(":")[0] === first.split(":")[0]
  const short = yield* shrink(script, (candidate) =>
    Effect.map(run(seed, candidate), ({ violations }) => violations.some(isSame))
  )
  const { violations: left } = yield* run(seed, short)
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

const perTest = 50

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
})
