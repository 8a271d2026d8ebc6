/**
 * Where monitoring systems send their own formats.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { list, page } from "./lists.ts"
import { InvalidRequest, NotFound, StoreUnavailable, TooLarge } from "./Problems.ts"

/** A body that a source sent and that could not be read. */
export const UnreadableBody = Schema.Struct({
  id: Schema.String,
  source: Schema.String,
  why: Schema.String,
  body: Schema.String,
  receivedAt: Schema.DateTimeUtc
})

/** The sources. */
export class SourcesApi extends HttpApiGroup.make("sources")
  .add(
    HttpApiEndpoint.post("post", "/:name", {
      /** A built-in source's name is its type: `thousandeyes`. */
      params: { name: Schema.String },
      payload: Schema.Json,
      success: Schema.Struct({
        /** How many events were taken, and how many could not be read and were kept for a person. */
        accepted: Schema.Natural,
        unreadable: Schema.Natural
      }),
      error: [InvalidRequest, NotFound, TooLarge, StoreUnavailable]
    }),
    HttpApiEndpoint.get("unreadable", "/unreadable", {
      query: page,
      success: list(UnreadableBody),
      error: StoreUnavailable
    })
  )
  .prefix("/v1/sources") {}
