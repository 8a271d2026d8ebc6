import { assert, describe, it } from "@effect/vitest"
import { defineSource, Healthchecks, type Source, Zabbix } from "@tocsin/sources"
import { SourceTest } from "@tocsin/sources/testing"
import { Cause, Effect, Exit, Redacted, Schema } from "effect"
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

  it.effect.each([
    ["ignores the default labels", { labels: undefined }],
    ["ignores the default severity", { severity: undefined }]
  ] as const)("fails one that %s", ([, ignored]) =>
    Effect.gen(function* () {
      const ignoring = defineSource({
        ...Healthchecks,
        decode: (body, { defaults, ...options }) => {
          const { labels, severity, timezone = "UTC" } = { ...defaults, ...ignored }
          return Healthchecks.decode(body, {
            ...options,
            defaults: { timezone, ...(labels && { labels }), ...(severity && { severity }) }
          })
        }
      })
      assert.include(
        yield* failed(ignoring),
        "gives alerts the default labels, and the default severity where they state none"
      )
    })
  )

  it.effect.each([
    ["has a setting without a description", { team: "net" }, "gives every setting a title and a description"],
    ["has an example that does not decode", { team: 5 }, "has an example of its settings that decodes"]
  ] as const)("fails one that %s", ([, example, check]) =>
    Effect.gen(function* () {
      const title = { title: "Team" }
      const team = check.startsWith("gives") ? title : { ...title, description: "Whose alerts these are" }
      const declaring = defineSource({
        ...Healthchecks,
        settings: Schema.Struct({ team: Schema.String.annotateKey(team) }),
        example
      })
      assert.include(yield* failed(declaring), check)
    })
  )

  it.effect("gives the decoder the settings, decoded", () =>
    Effect.gen(function* () {
      const settings = Schema.Struct({
        secret: Schema.Redacted(Schema.String).annotateKey({ title: "Secret", description: "Not read" }),
        team: Schema.String.annotateKey({ title: "Team", description: "Whose alerts these are" })
      })
      const teams: Array<string> = []
      const reading = defineSource({
        ...Healthchecks,
        settings,
        example: { secret: "a secret", team: "net" },
        decode: (body, options) => {
          assert.strictEqual(Redacted.value(options.settings.secret), "a secret")
          teams.push(options.settings.team)
          return Healthchecks.decode(body, options)
        }
      })
      assert.deepStrictEqual(yield* failed(reading), [])
      assert.deepStrictEqual([...new Set(teams)], ["net"])
    })
  )

  it.effect("checks no zones of a source whose times have none", () =>
    Effect.sync(() => {
      const names = SourceTest.checks(Zabbix, { bodies: bodiesOf("zabbix") }).map(({ name }) => name)
      assert.notInclude(names, "reads times with and without a zone")
    })
  )
})
