import { assert, describe, it } from "@effect/vitest"
import type { ChannelPluginTest } from "@tocsin/core/testing"
import { Effect, Exit } from "effect"

/** A fault, the check that names it, how it is made, and the other checks that the same fault cannot but fail. */
export type Spoilt<Spoils> = readonly [fault: string, caughtBy: string, spoils: Spoils, also?: RegExp]

/** Tests that the checks of a sound plugin find nothing, and that each fault is caught by its check and by no unrelated one. */
export const catches = <Spoils>(
  what: string,
  checks: (spoils: Partial<Spoils>) => ReadonlyArray<ChannelPluginTest.Check>,
  spoilt: ReadonlyArray<Spoilt<Spoils>>
): void => {
  describe(`The kit, of a plugin's ${what}`, () => {
    it.effect("finds nothing wrong with a sound plugin", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* failing(checks({})), [])
      })
    )

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

/** What is generated takes long, and fails where what is given does. */
const isLong = /any notification$|^keeps its plain form/

const failing = Effect.fnUntraced(function* (all: ReadonlyArray<ChannelPluginTest.Check>) {
  const names: Array<string> = []
  for (const { name, run } of all) if (Exit.isFailure(yield* Effect.exit(run))) names.push(name)
  return names
})
