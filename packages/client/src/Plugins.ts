/**
 * The installed channel plugins.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { list } from "./lists.ts"
import { says } from "./says.ts"

/** A channel plugin: the type of integration that it serves, and its settings as a JSON Schema, secrets marked `writeOnly`. */
export const Plugin = Schema.Struct({
  type: Schema.String.annotateKey({ description: "The `type` of its integrations." }),
  title: Schema.String.annotateKey({ description: "The channel's name, as its vendor spells it." }),
  settings: Schema.Record(Schema.String, Schema.Json).annotateKey({
    description: "The settings of its integrations as a JSON Schema, secrets marked writeOnly."
  }),
  example: Schema.Record(Schema.String, Schema.Json).annotateKey({
    description: "Example settings, without a real secret."
  }),
  setup: Schema.Array(Schema.String).annotateKey({
    description: "The steps at the service that lead to these settings."
  }),
  capabilities: Schema.Array(Schema.Literals(["preview", "thread", "update", "verify"])).annotateKey({
    description:
      "preview: messages can be rendered. verify: settings can be checked without posting. thread, update: a clear replies to the message of its raise, or edits it."
  })
}).annotate({ identifier: "Plugin" })

/** The installed channel plugins. */
export class PluginsApi extends HttpApiGroup.make("plugins")
  .add(HttpApiEndpoint.get("list", "/", { success: list(Plugin) }).annotateMerge(says("The installed channel plugins")))
  .prefix("/v1/plugins")
  .annotateMerge(OpenApi.annotations({ description: "The types of integrations, with their settings." })) {}
