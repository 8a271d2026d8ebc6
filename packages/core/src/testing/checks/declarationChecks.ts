import { assert } from "@effect/vitest"
import { Effect, JsonPatch, Predicate, Redacted, Schema } from "effect"
import { maxTimeout } from "../../ChannelPlugin.ts"
import { secretPointers, settingsSchema } from "../../settings/settingsSchema.ts"
import { withoutSecrets } from "../../settings/withoutSecrets.ts"
import { isGiven } from "../given.ts"
import type { Check } from "../options.ts"
import { notifications } from "../samples.ts"
import { print, type Trial } from "../trial.ts"

/** Checks the declarations of a plugin. */
export const declarationChecks = ({ decode, json, options, plugin, settings }: Trial): ReadonlyArray<Check> => [
  {
    name: "has a lowercase type",
    run: Effect.sync(() => assert.match(plugin.type, /^[a-z][a-z0-9-]*$/))
  },
  {
    name: "gives every setting a title and a description",
    run: Effect.sync(() => {
      for (const { description, path, title } of named(settingsSchema(plugin))) {
        assert.isTrue(Predicate.isString(title) && title !== "", `${path} has no title`)
        assert.isTrue(Predicate.isString(description) && description !== "", `${path} has no description`)
      }
    })
  },
  {
    name: "gives no two settings the same title",
    run: Effect.sync(() => {
      // A setting that several forms of a group share counts once.
      const titles = [...new Map(named(settingsSchema(plugin)).map(({ path, title }) => [path, title])).values()]
      assert.deepStrictEqual([...new Set(titles)], titles)
    })
  },
  {
    name: "has an example that decodes",
    run: Effect.asVoid(decode(plugin.example))
  },
  {
    name: "has setup steps",
    run: Effect.sync(() => assert.isTrue(plugin.setup.length > 0 && plugin.setup.every((step) => step.trim() !== "")))
  },
  {
    name: "keeps its settings through JSON",
    run: Effect.gen(function* () {
      const decoded = yield* settings
      assert.deepStrictEqual(yield* decode(yield* Effect.orDie(Schema.encodeEffect(json)(decoded))), decoded)
    })
  },
  {
    name: "migrates the settings of each older version",
    run: Effect.gen(function* () {
      const { migrate, settingsVersion } = plugin
      assert.isTrue(Number.isInteger(settingsVersion) && settingsVersion >= 1)
      if (settingsVersion === 1) return
      if (migrate === undefined) return assert.fail("settingsVersion is above 1, but the plugin has no `migrate`")
      const { older = [] } = options
      for (let version = 1; version < settingsVersion; version++) {
        assert.isTrue(
          older.some((stored) => stored.version === version),
          `the test's \`older\` has no settings of version ${version}`
        )
      }
      for (const stored of older) yield* decode(migrate(stored))
    })
  },
  {
    name: "prints no secret of its settings",
    run: Effect.gen(function* () {
      const printed = JSON.stringify(yield* settings)
      for (const secret of options.secrets) assert.notInclude(printed, secret)
    })
  },
  {
    name: "names no secret in errors about settings",
    run: Effect.gen(function* () {
      for (const [name, value] of Object.entries(record(options.settings))) {
        const wrong = Predicate.isString(value) ? [`${value}\n`, [value]] : [[value]]
        for (const one of wrong) {
          const exit = yield* Effect.exit(
            Schema.decodeUnknownEffect(json, { errors: "all" })({ ...record(options.settings), [name]: one })
          )
          if (exit._tag === "Success") continue
          for (const secret of options.secrets) assert.notInclude(String(exit.cause), secret)
        }
      }
    })
  },
  {
    name: "declares rate limits that can be spent",
    run: Effect.gen(function* () {
      const rateLimits = plugin.rateLimits(yield* settings)
      assert.isAbove(rateLimits.length, 0)
      for (const { burst, messages, perSeconds } of rateLimits) {
        assert.isTrue([burst, messages, perSeconds].every(Number.isFinite))
        assert.isTrue(messages >= 1 && perSeconds >= 1 && burst >= 1 && burst <= messages)
      }
    })
  },
  {
    name: "declares no timeout that the engine would shorten",
    run: Effect.sync(() => {
      const { timeout = 10 } = plugin
      assert.isTrue(timeout >= 1 && timeout <= maxTimeout, `\`timeout\` is not between 1 and ${maxTimeout} seconds`)
    })
  },
  {
    name: "names no secret in the keys of its rate limits",
    run: Effect.gen(function* () {
      const rateLimits = JSON.stringify(plugin.rateLimits(yield* settings))
      for (const secret of options.secrets)
        assert.notInclude(rateLimits, secret, "a key contains a secret: wrap it in `Redacted`")
    })
  },
  {
    name: "shares no rate limit between different credentials",
    run: Effect.gen(function* () {
      const keys = Effect.fnUntraced(function* (settings: Schema.Json) {
        return plugin
          .rateLimits(yield* decode(settings))
          .map(({ key }) => (Redacted.isRedacted(key) ? Redacted.value(key) : key))
      })
      const pointers = secretPointers(plugin)
      const credentials = JsonPatch.get(options.settings, plugin.example).filter(
        ({ op, path }) => op === "replace" && pointers.some((pointer) => `${path}/`.startsWith(`${pointer}/`))
      )
      const own = yield* keys(options.settings)
      const advice = "add the credential to a key of `rateLimits`, `Redacted` if it is secret"
      assert.notDeepEqual(
        yield* keys(plugin.example),
        own,
        `\`example\` and \`settings\` have the same keys: ${advice}`
      )
      if (credentials.length > 0) {
        const changed = yield* keys(JsonPatch.apply(credentials, options.settings))
        assert.notDeepEqual(changed, own, `other secrets have the same keys: ${advice}`)
      }
    })
  },
  {
    name: "previews every kind of notification from settings without secrets",
    run: Effect.gen(function* () {
      const { preview } = plugin
      if (preview === undefined) return
      const open = withoutSecrets(yield* settings)
      for (const notification of Object.values(notifications).filter(isGiven(plugin))) {
        const shown = preview(open, notification)
        assert.isAbove(shown.blocks.length, 0)
        for (const secret of options.secrets) assert.notInclude(print(shown), secret)
      }
    })
  }
]

interface Named {
  readonly path: string
  readonly title: unknown
  readonly description: unknown
}

/** Every setting, including those in groups, in lists, and in each form that a group may have. */
const named = (schema: Schema.Json, path = ""): ReadonlyArray<Named> => {
  const { anyOf, items, properties } = record(schema)
  const fields = Object.entries(record(properties)).flatMap(([name, setting]) => {
    const { description, title } = record(setting)
    return [{ path: `${path}/${name}`, title, description }, ...named(setting, `${path}/${name}`)]
  })
  const forms = Array.isArray(anyOf) ? anyOf.flatMap((form: Schema.Json) => named(form, path)) : []
  return [...fields, ...forms, ...(items === undefined ? [] : named(items, path))]
}

const isRecord = (value: Schema.Json | undefined): value is { readonly [key: string]: Schema.Json } =>
  Predicate.isObject(value)

const record = (value: Schema.Json | undefined): { readonly [key: string]: Schema.Json } =>
  isRecord(value) ? value : {}
