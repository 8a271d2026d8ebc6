import { assert, describe, it } from "@effect/vitest"
import { AlertSearch, Sources } from "@tocsin/delivery"
import { Effect } from "effect"
import { fixture, pass } from "../harness/engine.ts"
import { newFile } from "../harness/store.ts"

const configure = (expectEvery?: number) =>
  Effect.flatMap(Sources, (sources) =>
    sources.save(
      {
        name: "probe",
        type: "json",
        options: expectEvery === undefined ? {} : { expectEvery },
        secrets: {},
        changedCredentials: [],
        credentials: [],
        shown: {}
      },
      "any",
      () => ({})
    )
  )

/** A request of the source is accepted. */
const hear = Effect.gen(function* () {
  const sources = yield* Sources
  const source = yield* sources.get("probe")
  if (source !== undefined) yield* sources.heard(source)
})

const episodes = Effect.flatMap(AlertSearch, ({ list }) =>
  Effect.map(list({ source: "tocsin", limit: 10 }), ({ items }) =>
    items.map(({ state, test }) => `${test?.name} ${state}`)
  )
)

describe("A source that is expected every 5 minutes", () => {
  it.effect(
    "raises an alert when nothing comes, which is cleared when something does",
    fixture(() =>
      Effect.gen(function* () {
        yield* configure(300)
        yield* pass("5 minutes")
        assert.deepStrictEqual(yield* episodes, [])
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* episodes, ["probe raised"])
        yield* pass("1 hour")
        assert.deepStrictEqual(yield* episodes, ["probe raised"])
        yield* hear
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* episodes, ["probe cleared"])
        yield* pass("6 minutes")
        assert.deepStrictEqual(yield* episodes, ["probe raised", "probe cleared"])
      })
    )
  )

  it.effect(
    "raises none while something comes in time",
    fixture(() =>
      Effect.gen(function* () {
        yield* configure(300)
        for (let n = 0; n < 10; n++) {
          yield* pass("299 seconds")
          yield* hear
        }
        assert.deepStrictEqual(yield* episodes, [])
      })
    )
  )

  it.effect(
    "is no longer missed once it is not expected, or removed",
    fixture(() =>
      Effect.gen(function* () {
        yield* configure(300)
        yield* pass("6 minutes")
        yield* configure()
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* episodes, ["probe cleared"])
        yield* configure(300)
        yield* pass("6 minutes")
        yield* (yield* Sources).remove("probe", "present", () => ({}))
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* episodes, ["probe cleared", "probe cleared"])
      })
    )
  )

  it.effect("is not missed for the time in which the gateway was down", () => {
    const file = newFile()
    return Effect.gen(function* () {
      yield* fixture(() => configure(300), { file })()
      yield* pass("1 hour")
      yield* fixture(
        () =>
          Effect.gen(function* () {
            yield* pass("4 minutes")
            assert.deepStrictEqual(yield* episodes, [])
            yield* pass("2 minutes")
            assert.deepStrictEqual(yield* episodes, ["probe raised"])
          }),
        { file }
      )()
    })
  })
})
