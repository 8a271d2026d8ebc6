/**
 * The channel plugins of a gateway.
 */
import type { ChannelPlugin, Connector } from "@tocsin/core"
import type { Source } from "@tocsin/sources"
import { PluginRegistry } from "@tocsin/delivery"
import { HipChat } from "@tocsin/plugin-hipchat"
import hipChat from "@tocsin/plugin-hipchat/package.json" with { type: "json" }
import { Slack } from "@tocsin/plugin-slack"
import slack from "@tocsin/plugin-slack/package.json" with { type: "json" }
import { Webhook } from "@tocsin/plugin-webhook"
import webhook from "@tocsin/plugin-webhook/package.json" with { type: "json" }
import { PagerDuty } from "@tocsin/plugin-pagerduty"
import pagerDuty from "@tocsin/plugin-pagerduty/package.json" with { type: "json" }
import { Discord } from "@tocsin/plugin-discord"
import discord from "@tocsin/plugin-discord/package.json" with { type: "json" }
import { Telegram } from "@tocsin/plugin-telegram"
import telegram from "@tocsin/plugin-telegram/package.json" with { type: "json" }
import { Mattermost } from "@tocsin/plugin-mattermost"
import mattermost from "@tocsin/plugin-mattermost/package.json" with { type: "json" }
import { Ntfy } from "@tocsin/plugin-ntfy"
import ntfy from "@tocsin/plugin-ntfy/package.json" with { type: "json" }
import { Teams } from "@tocsin/plugin-teams"
import teams from "@tocsin/plugin-teams/package.json" with { type: "json" }
import { GoogleChat } from "@tocsin/plugin-google-chat"
import googleChat from "@tocsin/plugin-google-chat/package.json" with { type: "json" }
import { Webex } from "@tocsin/plugin-webex"
import webex from "@tocsin/plugin-webex/package.json" with { type: "json" }
import { Apprise } from "@tocsin/plugin-apprise"
import apprise from "@tocsin/plugin-apprise/package.json" with { type: "json" }
import { Email } from "@tocsin/plugin-email"
import email from "@tocsin/plugin-email/package.json" with { type: "json" }
import { Cause, Effect, Layer } from "effect"
import type { HttpClient } from "effect/http"
import { firstLine } from "./firstLine.ts"
import { StartRefused } from "./settings/Settings.ts"

/** The services that a gateway provides to the layers of plugins. */
export type Given = HttpClient.HttpClient | Connector

/**
 * The class of a plugin with its implementation, which is not part of the contract's type and requires no more than
 * `Given`.
 */
export interface HasLayer {
  readonly type: string
  readonly layer: Layer.Layer<never, never, Given>
}

/** Channel plugins with their layers, as their packages export them: `[Slack, HipChat, MyChannel]`. */
export type Plugins = ReadonlyArray<ChannelPlugin.Any> & ReadonlyArray<HasLayer>

/** The npm package that a plugin comes from. */
export interface PluginPackage {
  readonly name: string
  readonly version: string
}

/** The known packages of plugins and sources; one that a program passes to `Gateway.layer` has none. */
export type Packages = ReadonlyMap<ChannelPlugin.Any | Source, PluginPackage>

/** The built-in plugins with the manifests of their packages. */
const manifests = [
  [Slack, slack],
  [HipChat, hipChat],
  [Webhook, webhook],
  [PagerDuty, pagerDuty],
  [Discord, discord],
  [Telegram, telegram],
  [Mattermost, mattermost],
  [Ntfy, ntfy],
  [Teams, teams],
  [GoogleChat, googleChat],
  [Webex, webex],
  [Apprise, apprise],
  [Email, email]
] as const

/** The plugins of every gateway. */
export const builtIn: Plugins = manifests.map(([plugin]) => plugin)

/** The packages of the built-in plugins. */
export const builtInPackages: Packages = new Map<ChannelPlugin.Any | Source, PluginPackage>(manifests)

/**
 * Describes a plugin or a source for the start message: `slack 1.0.0`, or `pager (tocsin-plugin-pager 1.0.0)` for another package.
 */
export const describePlugin = (plugin: ChannelPlugin.Any | Source, packages: Packages): string => {
  const from = packages.get(plugin)
  if (from === undefined) return plugin.type
  return builtInPackages.has(plugin)
    ? `${plugin.type} ${from.version}`
    : `${plugin.type} (${from.name} ${from.version})`
}

/** Registers the plugins with the engine; fails if one cannot start. Two plugins of one type are a defect. */
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
