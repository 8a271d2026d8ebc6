import { assert, describe, it } from "@effect/vitest"
import { Healthchecks, type Source, Zabbix } from "@tocsin/sources"
import { SourceTest } from "@tocsin/sources/testing"
import { Cause, Effect, Exit } from "effect"
import { bodiesOf } from "./sources.ts"

const { test: _, ...bodies } = bodiesOf("healthchecks")

/** The names of the checks that a source fails, each with the reason. */
const failed = (source: Source, given = bodies) =>
  Effect.map(
    Effect.forEach(SourceTest.checks(source, { bodies: given }), ({ name, run }) =>
      Effect.map(Effect.exit(run), (exit) => ({
        name,
        why: Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : undefined
      }))
    ),
    (all) => all.flatMap(({ name, why }) => (why === undefined ? [] : [name]))
  )

/** Healthchecks, with its body changed before it is decoded. */
const changed = (change: (body: object) => unknown): Source => ({
  ...Healthchecks,
  decode: (body, options) =>
    Healthchecks.decode(typeof body === "object" && body !== null ? change(body) : body, options)
})

const fieldOf = (body: object, name: string): unknown => Reflect.get(body, name)

let calls = 0

describe("SourceTest", () => {
  it.effect("passes a source that conforms", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* failed(Healthchecks), [])
    })
  )

  it.effect.each([
    [
      "loses digits of ids",
      "keeps every digit of ids beyond 2^53",
      (body: object) => {
        const code = fieldOf(body, "code")
        return /^\d+$/.test(String(code)) ? { ...body, code: String(Number(code)) } : body
      }
    ],
    [
      "refuses long texts",
      "cuts texts that are too long, and refuses none",
      (body: object) => (String(fieldOf(body, "tags")).length > 1000 ? {} : body)
    ],
    [
      "needs a part that decides nothing",
      "takes a part that is null or missing for absent, unless it decides on the alert",
      (body: object) => (fieldOf(body, "tags") === null ? {} : body)
    ],
    [
      "reads every time as UTC",
      "reads times with and without a zone",
      (body: object) => ({
        ...body,
        now: String(fieldOf(body, "now")).replace(/(Z|[+-]\d\d:\d\d)?$/, "Z")
      })
    ],
    [
      "raises what is cleared",
      "knows raised alerts from cleared ones",
      (body: object) => ({ ...body, status: "down" })
    ],
    [
      "gives other events each time",
      "reads down the same each time, as events that survive JSON",
      (body: object) => ({
        ...body,
        code: `${++calls}`
      })
    ]
  ] as const)("fails one that %s", ([, check, change]) =>
    Effect.gen(function* () {
      assert.include(yield* failed(changed(change)), check)
    })
  )

  it.effect("checks no zones of a source whose times have none", () =>
    Effect.sync(() => {
      const names = SourceTest.checks(Zabbix, { bodies: bodiesOf("zabbix") }).map(({ name }) => name)
      assert.notInclude(names, "reads times with and without a zone")
    })
  )
})
