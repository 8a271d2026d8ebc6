import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin } from "@tocsin/core"
import { Configuration, Edits, type IntegrationInput, PluginRegistry } from "@tocsin/delivery"
import { Effect, Layer, Redacted, Schema } from "effect"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { engine, integration, integrationId, outcomes, pass, raise, rule, save, tick } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"

const Channel = (version: number, options: Pick<ChannelPlugin.Any, "settings"> & { readonly migrate?: Migrate }) => {
  class Plugin extends ChannelPlugin.Service<Plugin>()("channel", {
    title: "Channel",
    settingsVersion: version,
    example: {},
    setup: [],
    rateLimits: () => [{ key: "channel", messages: 100, perSeconds: 1, burst: 100 }],
    sizes: { text: 1000 },
    capabilities: {},
    ...options
  }) {}
  return Plugin
}

type Migrate = NonNullable<ChannelPlugin.Any["migrate"]>

/** Settings of version 1: the token is a plain part of a longer text. */
const One = Channel(1, { settings: Schema.Struct({ login: Schema.Redacted(Schema.String) }) })

const two = { settings: Schema.Struct({ user: Schema.String, token: Schema.Redacted(Schema.String) }) }

const split: Migrate = ({ settings, version }) => {
  assert.strictEqual(version, 1)
  const [user = "", token = ""] = String(Object(settings).login).split(":")
  return { user, token }
}

const Two = Channel(2, { ...two, migrate: split })
const Wordless = Channel(2, two)
const Throwing = Channel(2, {
  ...two,
  migrate: () => {
    throw new Error("canary")
  }
})
const Sloppy = Channel(2, { ...two, migrate: () => ({ user: "ops" }) })

const file = () => join(mkdtempSync(join(tmpdir(), "tocsin-stored-")), "a.db")

const settings: IntegrationInput["settings"] = { login: "ops:canary" }

/** The engine on a file with one of the plugins, which notes the settings that it is given. */
const running = (file: string, plugin: ReturnType<typeof Channel>, given: Array<unknown> = []) =>
  engine(new Script(), {
    file,
    plugins: PluginRegistry.layer([plugin]).pipe(
      Layer.provide(
        Layer.succeed(
          plugin,
          plugin.of({
            deliver: (settings) => Effect.sync(() => (given.push(settings), {})),
            destination: () => "https://channel.example.com"
          })
        )
      )
    )
  })

const shown = Configuration.use(({ integration }) => integration(integrationId("ops")))

const made = Effect.fnUntraced(function* (file: string) {
  yield* save(integration("ops", { type: "channel", settings }), rule("all")).pipe(Effect.provide(running(file, One)))
})

describe("Stored settings", () => {
  it.effect("are migrated for a newer plugin, and saved in the new form by the next edit", () =>
    Effect.gen(function* () {
      const at = file()
      yield* made(at)
      const given: Array<unknown> = []
      yield* Effect.gen(function* () {
        const before = yield* shown
        assert.deepStrictEqual([before?.settings, before?.secretsSet], [{ user: "ops" }, ["/token"]])
        assert.isUndefined(before?.broken)
        yield* raise("a")
        yield* tick
        // The secret that the edit leaves out is the one that was migrated.
        const input = integration("ops", { type: "channel", settings: { user: "new" } })
        yield* Edits.use(({ saveIntegration }) => saveIntegration(input, "any"))
      }).pipe(Effect.provide(running(at, Two, given)))
      assert.deepStrictEqual(given, [{ user: "ops", token: Redacted.make("canary") }])
      // Now they are of version 2: no migration is asked.
      const after = yield* shown.pipe(Effect.provide(running(at, Throwing)))
      assert.deepStrictEqual([after?.settings, after?.broken], [{ user: "new" }, undefined])
    })
  )

  it.effect.each([
    { name: "the plugin does not migrate them", plugin: Wordless, says: "could not be brought to version 2" },
    { name: "the migration throws", plugin: Throwing, says: "could not be brought to version 2" },
    { name: "the migration gives what does not decode", plugin: Sloppy, says: "could not be brought to version 2" },
    {
      name: "they no longer decode in the same version",
      plugin: Channel(1, { settings: Schema.Struct({ login: Schema.Int }) }),
      says: "not valid for the installed plugin, at login"
    },
    {
      name: "a schema throws",
      plugin: Channel(1, {
        settings: Schema.Struct({
          login: Schema.String.check(
            Schema.makeFilter(() => {
              throw new Error("canary")
            })
          )
        })
      }),
      says: "Enter"
    }
  ])("leave the integration broken, with what it owes, while $name", ({ plugin, says }) =>
    Effect.gen(function* () {
      const at = file()
      yield* made(at)
      yield* Effect.gen(function* () {
        yield* raise("a")
        yield* pass("1 hour")
        const broken = yield* shown
        assert.match(broken?.broken?.reason ?? "", new RegExp(`^NotReady: .*${says}`))
        assert.deepStrictEqual([broken?.settings, broken?.secretsSet], [{}, []])
        assert.notInclude(
          JSON.stringify([broken, yield* Configuration.use(({ integrations }) => integrations)]),
          "canary"
        )
        assert.deepStrictEqual(yield* outcomes, ["Raised pending: matched by rule all"])
      }).pipe(Effect.provide(running(at, plugin)))
      // The plugin is restored: pending deliveries are sent, and nothing is broken any more.
      const given: Array<unknown> = []
      yield* Effect.gen(function* () {
        yield* tick
        assert.isUndefined((yield* shown)?.broken)
      }).pipe(Effect.provide(running(at, One, given)))
      assert.deepStrictEqual(given, [{ login: Redacted.make("ops:canary") }])
    })
  )

  it.effect("of a newer plugin break the integration, until its settings are entered again", () =>
    Effect.gen(function* () {
      const at = file()
      const input = integration("ops", { type: "channel", settings: { user: "ops", token: "canary" } })
      yield* save(input, rule("all")).pipe(Effect.provide(running(at, Two)))
      const given: Array<unknown> = []
      yield* Effect.gen(function* () {
        yield* raise("a")
        yield* pass("1 hour")
        assert.match(
          (yield* shown)?.broken?.reason ?? "",
          /saved by a newer plugin \(settings version 2, installed is 1\)/
        )
        yield* Edits.use(({ saveIntegration }) => saveIntegration({ ...input, settings: { login: "new" } }, "any"))
        yield* tick
        assert.isUndefined((yield* shown)?.broken)
      }).pipe(Effect.provide(running(at, One, given)))
      assert.deepStrictEqual(given, [{ login: Redacted.make("new") }])
    })
  )
})
