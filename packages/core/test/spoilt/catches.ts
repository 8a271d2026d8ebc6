import { assert, describe, it } from "@effect/vitest"
import type { ChannelPluginTest } from "@tocsin/core/testing"
import { Effect, Exit } from "effect"

/** A fault, the check that names it, how it is made, and the other checks that the same fault cannot but fail. */
export type Spoilt<Spoils> = readonly [fault: string, caughtBy: string, spoils: Spoils, also?: RegExp]

/** Tests that the checks of a sound plugin find nothing. */
export const findsNothing = (what: string, checks: ReadonlyArray<ChannelPluginTest.Check>): void => {
  it.effect(`The kit finds nothing wrong with a sound plugin ${what}`, () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* failing(checks), [])
    })
  )
}

/** Tests that each fault is caught by its check and by no unrelated one. */
export const catches = <Spoils>(
  what: string,
  checks: (spoils: Spoils) => ReadonlyArray<ChannelPluginTest.Check>,
  spoilt: ReadonlyArray<Spoilt<Spoils>>
): void => {
  describe(`The kit, of a plugin's ${what}`, () => {
    it.effect.each(spoilt)("catches one that %s", ([, caughtBy, spoils, also]) =>
      Effect.gen(function* () {
        const names = yield* failing(checks(spoils).filter(({ name }) => name === caughtBy || !isLong.test(name)))
        assert.include(names, caughtBy)
        assert.deepStrictEqual(
          names.filter((name) => name !== caughtBy && also?.test(name) !== true),
          [],
          "unrelated checks"
        )
      })
    )
  })
}

/** What is generated takes long, and fails where what is given does; so do a few others. */
const isLong =
  /any notification$|^keeps its plain form|5,000 observations$|^calls no other status|^understands malformed|^returns a receipt of/

const failing = Effect.fnUntraced(function* (all: ReadonlyArray<ChannelPluginTest.Check>) {
  const names: Array<string> = []
  for (const { name, run } of all) if (Exit.isFailure(yield* Effect.exit(run))) names.push(name)
  return names
})
