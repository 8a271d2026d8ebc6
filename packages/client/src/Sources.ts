/**
 * Where monitoring systems send their own formats.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { list, page, whole } from "./lists.ts"
import { Conflict, InvalidRequest, NotFound, TooLarge } from "./Problems.ts"
import { says } from "./says.ts"

/** A body that a source sent and that could not be read. */
export const UnreadableBody = Schema.Struct({
  id: Schema.String,
  source: Schema.String,
  why: Schema.String.annotateKey({ description: "The position of the error, and what was expected." }),
  from: Schema.optionalKey(Schema.String).annotateKey({ description: "The sender's address." }),
  body: Schema.String.annotateKey({
    description: "Its first 65,536 characters, with apparent credentials redacted."
  }),
  isWhole: Schema.Boolean.annotateKey({
    description: "Whether the whole body was kept, and was UTF-8. Only then can it be replayed."
  }),
  receivedAt: Schema.DateTimeUtc
}).annotate({ identifier: "UnreadableBody" })

/** What was accepted of a source's body. */
export const Taken = Schema.Struct({
  accepted: Schema.Natural.annotateKey({ description: "How many events were accepted." }),
  unreadable: Schema.Natural.annotateKey({
    description: "How many events could not be read and were kept for a person."
  }),
  why: Schema.optionalKey(Schema.String).annotateKey({
    description: "The position of each error, and what was expected."
  })
}).annotate({ identifier: "Taken" })

/** A source, and its events. */
export const Source = Schema.Struct({
  name: Schema.String,
  type: Schema.String.annotateKey({ description: "Its format; json for sources that post to /v1/alerts." }),
  address: Schema.String.annotateKey({ description: "The path to which it posts." }),
  state: Schema.Literals(["ok", "quiet", "unreadable"]).annotateKey({
    description:
      "ok: received something in the last 24 hours. quiet: received nothing. unreadable: could not read the last body."
  }),
  lastEventAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({ description: "Absent if there was none." }),
  events24h: Schema.Natural.annotateKey({ description: "Events of the last 24 hours that changed an alert." }),
  unreadable24h: Schema.Natural.annotateKey({ description: "Bodies of the last 24 hours that could not be read." })
}).annotate({ identifier: "Source" })

/** The sources. */
export class SourcesApi extends HttpApiGroup.make("sources")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: whole,
      success: list(Source)
    }).annotateMerge(says("The sources", "The built-in sources, and those that posted to /v1/alerts.")),
    HttpApiEndpoint.post("post", "/:name", {
      params: {
        name: Schema.String.annotateKey({ description: "A built-in source's name is its type: thousandeyes." })
      },
      payload: Schema.Json,
      success: Taken,
      error: [InvalidRequest, NotFound, TooLarge]
    }).annotateMerge(
      says(
        "Receive alerts from a monitoring system",
        "Answered once they are on the disk. JSON of an unknown shape is kept and answered with 200, because senders repeat refused requests."
      )
    ),
    HttpApiEndpoint.get("unreadable", "/unreadable", {
      query: page,
      success: list(UnreadableBody)
    }).annotateMerge(says("Unreadable bodies", "The 1,000 newest bodies of sources that could not be read.")),
    HttpApiEndpoint.post("replay", "/unreadable/:id/replay", {
      params: { id: Schema.String },
      success: Taken,
      error: [NotFound, Conflict]
    }).annotateMerge(
      says(
        "Replay an unreadable body",
        "After a fix: reads the body as if it arrived now, and removes it from the list if that succeeds."
      )
    )
  )
  .prefix("/v1/sources")
  .annotateMerge(OpenApi.annotations({ description: "Where monitoring systems send their own formats." })) {}
