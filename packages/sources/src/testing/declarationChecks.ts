/**
 * Checks of what a source declares: its type, its title and its settings.
 */
import { assert } from "@effect/vitest"
import { ChannelPlugin } from "@tocsin/core"
import { Effect } from "effect"
import { decodeSettings, type Source } from "../Source.ts"

/** One check; its name continues "a source". */
export interface Check {
  readonly name: string
  readonly run: Effect.Effect<void>
}

/** Returns the checks of a source's declaration. */
export const declarationChecks = (source: Source): ReadonlyArray<Check> => {
  const named: Check = {
    name: "has a type that fits into a URL, and a title",
    run: Effect.sync(() => {
      assert.match(source.type, /^[a-z0-9-]{1,64}$/)
      assert.notStrictEqual(source.title.trim(), "")
    })
  }
  const { example, settings } = source
  if (settings === undefined) return [named]

  const described: Check = {
    name: "gives every setting a title and a description",
    run: Effect.sync(() => {
      const { properties } = ChannelPlugin.settingsSchema({ settings })
      assert.isObject(properties, "the settings are no object")
      for (const [name, property] of Object.entries(properties ?? {})) {
        for (const field of ["title", "description"]) {
          assert.isString(Reflect.get(Object(property), field), `the setting ${name} has no ${field}: use annotateKey`)
        }
      }
    })
  }

  const exampled: Check = {
    name: "has an example of its settings that decodes",
    run: Effect.gen(function* () {
      assert.isObject(example, "there is no example")
      yield* Effect.orDie(decodeSettings(source, example))
    })
  }
  return [named, described, exampled]
}
