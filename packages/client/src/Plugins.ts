/**
 * The installed channel plugins.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { list } from "./lists.ts"

/** A channel plugin: the type of integration that it serves, and its settings as a JSON Schema, secrets marked `writeOnly`. */
export const Plugin = Schema.Struct({
  type: Schema.String,
  title: Schema.String,
  settings: Schema.Record(Schema.String, Schema.Json)
})

/** The installed channel plugins. */
export class PluginsApi extends HttpApiGroup.make("plugins")
  .add(HttpApiEndpoint.get("list", "/", { success: list(Plugin) }))
  .prefix("/v1/plugins") {}
