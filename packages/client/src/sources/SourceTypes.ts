/**
 * The types of sources that a gateway can receive.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { list } from "../lists.ts"
import { says } from "../says.ts"

/** A type of source, and its settings as a JSON Schema, secrets marked `writeOnly`. */
export const SourceType = Schema.Struct({
  type: Schema.String.annotateKey({ description: "The `type` of its sources." }),
  title: Schema.String.annotateKey({ description: "Its name, as its vendor spells it." }),
  needsConfiguring: Schema.Boolean.annotateKey({
    description:
      "Whether it has settings that cannot be left out. Otherwise its route works without a configured source."
  }),
  settings: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)).annotateKey({
    description:
      "The settings of its sources as a JSON Schema, secrets marked writeOnly; absent if it has none. Those of the type json are its mapping."
  }),
  example: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)).annotateKey({
    description: "Example settings, without a real secret."
  }),
  setup: Schema.Array(Schema.String).annotateKey({
    description: "The steps at the vendor's site. Empty if only docs/guide/sources.md has them."
  })
}).annotate({ identifier: "SourceType" })

/** The types of sources. */
export class SourceTypesApi extends HttpApiGroup.make("sourceTypes")
  .add(
    HttpApiEndpoint.get("list", "/", { success: list(SourceType) }).annotateMerge(
      says("The types of sources", "The built-in ones, and those of the packages in TOCSIN_PLUGINS.")
    )
  )
  .prefix("/v1/source-types")
  .annotateMerge(OpenApi.annotations({ description: "The types of sources, with their settings." })) {}
