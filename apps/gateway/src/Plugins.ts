/**
 * The channel plugins of a gateway.
 */
import type { ChannelPlugin, Connector } from "@tocsin/core"
import { Channels } from "@tocsin/delivery"
import { HipChat } from "@tocsin/plugin-hipchat"
import { Slack } from "@tocsin/plugin-slack"
import { Layer } from "effect"
import type { HttpClient } from "effect/http"

/** What a gateway gives to the layers of plugins. */
export type Given = HttpClient.HttpClient | Connector

/** What a plugin's class has besides the contract: its implementation, which needs no more than `Given`. */
export interface HasLayer {
  readonly layer: Layer.Layer<never, never, Given>
}

/** Channel plugins with their layers, as their packages export them: `[Slack, HipChat, MyChannel]`. */
export type Plugins = ReadonlyArray<ChannelPlugin.Any> & ReadonlyArray<HasLayer>

/** The plugins that every gateway brings along. */
export const builtIn: Plugins = [Slack, HipChat]

/** The engine's list of the given plugins. Two plugins of one type are a defect. */
export const layer = (plugins: Plugins): Layer.Layer<Channels, never, Given> => {
  const layers: ReadonlyArray<HasLayer> = plugins
  return Channels.layer(plugins).pipe(
    Layer.provide(
      layers.reduce<Layer.Layer<never, never, Given>>((all, { layer }) => Layer.merge(all, layer), Layer.empty)
    )
  )
}
