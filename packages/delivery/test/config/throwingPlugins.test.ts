import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin } from "@tocsin/core"
import { InvalidInput, PluginRegistry } from "@tocsin/delivery"
import { Effect, Layer, Redacted, Schema } from "effect"
import { fixture, integration, save } from "../harness/engine.ts"

const canary = "c4n4ry-T0K3N"

/** A plugin whose functions and schema may throw, of settings with one secret. */
const pluginWith = ({
  accepts = () => true,
  destination = () => "https://chat.example.com/"
}: {
  readonly accepts?: (token: string) => boolean
  readonly destination?: (token: string) => string
}) => {
  class Throwing extends ChannelPlugin.Service<Throwing>()("throwing", {
    title: "Throwing",
    settings: Schema.Struct({ token: Schema.Redacted(Schema.String.check(Schema.makeFilter(accepts))) }),
    settingsVersion: 1,
    example: { token: "" },
    setup: [],
    rateLimits: () => [{ key: "k", messages: 1, perSeconds: 1, burst: 1 }],
    sizes: { text: 100 },
    capabilities: {}
  }) {
    static readonly layer = Layer.succeed(
      Throwing,
      Throwing.of({
        deliver: () => Effect.succeed({}),
        destination: ({ token }) => destination(Redacted.value(token))
      })
    )
  }
  return PluginRegistry.layer([Throwing]).pipe(Layer.provide(Throwing.layer))
}

class NoSuchRegion extends Error {}

const advice = "Check the settings, or report this to the plugin's author"

describe("An integration whose plugin throws as it is saved", () => {
  it.effect.each([
    {
      name: "the destination throws",
      plugin: pluginWith({
        destination: () => {
          throw new TypeError("Cannot read properties of undefined (reading 'host')")
        }
      }),
      says: `The plugin failed: TypeError in destination: Cannot read properties of undefined (reading 'host'). ${advice}`
    },
    {
      name: "it says a secret",
      plugin: pluginWith({
        destination: (token) => {
          throw new NoSuchRegion(`no region in ${token}!`)
        }
      }),
      says: `The plugin failed: NoSuchRegion in destination: no region in <redacted>!. ${advice}`
    },
    {
      name: "it quotes the beginning of a secret, as JSON.parse does",
      plugin: pluginWith({ destination: (token) => JSON.parse(token) }),
      says: `The plugin failed: SyntaxError in destination: <redacted>. ${advice}`
    },
    {
      name: "it throws something that is no error",
      plugin: pluginWith({
        destination: () => {
          throw "no region"
        }
      }),
      says: `The plugin failed: string in destination: no region. ${advice}`
    },
    {
      name: "a check of the settings throws",
      plugin: pluginWith({
        accepts: (token) => {
          throw new RangeError(`cannot check ${token}`)
        }
      }),
      says: `The plugin failed: RangeError in settings: cannot check <redacted>. ${advice}`
    },
    {
      name: "the destination is no URL",
      plugin: pluginWith({ destination: (token) => `${token}.example.com` }),
      says: "The plugin finds no address of a service in the settings. Check the settings that contain a URL or a host"
    }
  ])("says what threw, without secrets: $name", ({ plugin, says }) =>
    fixture(
      () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(
            save(integration("ops", { type: "throwing", settings: { token: `${canary}-and-more-of-it` } }))
          )
          if (!(error instanceof InvalidInput)) throw new Error(`Not refused as invalid: ${String(error)}`)
          assert.deepStrictEqual(
            error.errors.map(({ message, path }) => `${path} ${message}`),
            [`/settings ${says}`]
          )
          assert.notInclude(JSON.stringify(error.errors), canary.slice(0, 8))
        }),
      { plugins: plugin }
    )()
  )
})
