/**
 * The installed channel plugins.
 */
import type { ChannelPlugin } from "@tocsin/core"
import { Context, Effect, Layer, Schema } from "effect"

/** No plugin of this type is installed. */
export class UnknownType extends Schema.TaggedError<UnknownType>()("UnknownType", {
  type: Schema.String,
  installed: Schema.Array(Schema.String)
}) {}

/** A plugin with its implementation, its settings decoded by its own schema only. */
export interface InstalledChannel {
  readonly plugin: ChannelPlugin.Any
  readonly channel: ChannelPlugin.Channel<unknown>
}

/** Finds the installed plugins by the type of their integrations. */
export class PluginRegistry extends Context.Service<
  PluginRegistry,
  {
    /** All of them, in the order of the list. */
    readonly installed: ReadonlyArray<InstalledChannel>
    readonly get: (type: string) => Effect.Effect<InstalledChannel, UnknownType>
  }
>()("@tocsin/delivery/PluginRegistry") {
  /** Registers the plugins; needs the layer of each plugin. Two plugins of one type are a defect. */
  static readonly layer = <const Plugins extends ReadonlyArray<ChannelPlugin.Any>>(
    plugins: Plugins
  ): Layer.Layer<PluginRegistry, never, Plugins[number]["Identifier"]> =>
    Layer.effect(
      PluginRegistry,
      Effect.gen(function* () {
        const installed = new Map<string, InstalledChannel>()
        for (const plugin of plugins) {
          if (installed.has(plugin.type)) return yield* Effect.die(new Error(`Two plugins serve "${plugin.type}"`))
          installed.set(plugin.type, { plugin, channel: yield* plugin })
        }
        return PluginRegistry.of({
          installed: [...installed.values()],
          get: (type) =>
            Effect.fromNullishOr(installed.get(type)).pipe(
              Effect.mapError(() => new UnknownType({ type, installed: [...installed.keys()] }))
            )
        })
      })
    )
}
