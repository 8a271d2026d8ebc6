/**
 * The channel plugins of a gateway.
 */
import type { ChannelPlugin, Connector } from "@tocsin/core"
import { PluginRegistry } from "@tocsin/delivery"
import { HipChat } from "@tocsin/plugin-hipchat"
import { Slack } from "@tocsin/plugin-slack"
import { Cause, Effect, Layer } from "effect"
import type { HttpClient } from "effect/http"
import { firstLine } from "./firstLine.ts"
import { StartRefused } from "./Settings.ts"

/** What a gateway gives to the layers of plugins. */
export type Given = HttpClient.HttpClient | Connector

/** A plugin's class as far as it is started: its implementation, which the contract does not name, needs no more than `Given`. */
export interface HasLayer {
  readonly type: string
  readonly layer: Layer.Layer<never, never, Given>
}

/** Channel plugins with their layers, as their packages export them: `[Slack, HipChat, MyChannel]`. */
export type Plugins = ReadonlyArray<ChannelPlugin.Any> & ReadonlyArray<HasLayer>

/** The plugins that every gateway brings along. */
export const builtIn: Plugins = [Slack, HipChat]

/** The engine's list of the given plugins; refuses when one cannot start. Two plugins of one type are a defect. */
export const layer = (plugins: Plugins): Layer.Layer<PluginRegistry, StartRefused, Given> => {
  const withLayers: ReadonlyArray<HasLayer> = plugins
  return PluginRegistry.layer(plugins).pipe(
    Layer.provide(withLayers.map(started).reduce((one, other) => Layer.merge(one, other), Layer.empty))
  )
}

const started = ({ layer, type }: HasLayer): Layer.Layer<never, StartRefused, Given> =>
  Layer.catchCause(layer, (cause) =>
    Layer.effectDiscard(
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause)
        : new StartRefused({
            message: `The plugin of the type ${type} cannot start: ${firstLine(Cause.squash(cause))}.`
          })
    )
  )
