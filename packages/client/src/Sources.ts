/**
 * Where monitoring systems send their own formats.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { list, page, whole } from "./lists.ts"
import { Conflict, InvalidRequest, NotFound, StoreUnavailable, TooLarge } from "./Problems.ts"
import { says } from "./says.ts"

/** A body that a source sent and that could not be read. */
export const UnreadableBody = Schema.Struct({
  id: Schema.String,
  source: Schema.String,
  why: Schema.String.annotateKey({ description: "Where it could not be read and what was expected there." }),
  from: Schema.optionalKey(Schema.String).annotateKey({ description: "The address that it came from." }),
  body: Schema.String.annotateKey({
    description: "Its first 65,536 characters, without what looks like a credential."
  }),
  isWhole: Schema.Boolean.annotateKey({
    description: "Whether all of it was kept, and all was UTF-8; only then it can be replayed."
  }),
  receivedAt: Schema.DateTimeUtc
}).annotate({ identifier: "UnreadableBody" })

/** What was taken of a source's body. */
export const Taken = Schema.Struct({
  accepted: Schema.Natural.annotateKey({ description: "How many events were taken." }),
  unreadable: Schema.Natural.annotateKey({ description: "How many could not be read and were kept for a person." }),
  why: Schema.optionalKey(Schema.String).annotateKey({
    description: "Of what could not be read: where, and what was expected there."
  })
}).annotate({ identifier: "Taken" })

/** A source, and what came from it. */
export const Source = Schema.Struct({
  name: Schema.String,
  type: Schema.String.annotateKey({ description: "Its format; json for what is posted to /v1/alerts." }),
  address: Schema.String.annotateKey({ description: "The path to which it posts." }),
  state: Schema.Literals(["ok", "quiet", "unreadable"]).annotateKey({
    description:
      "ok: something came in the last 24 hours. quiet: nothing came. unreadable: the last thing that came could not be read."
  }),
  lastEventAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({ description: "Absent if nothing ever came." }),
  events24h: Schema.Natural.annotateKey({ description: "Events of the last 24 hours that changed an alert." }),
  unreadable24h: Schema.Natural.annotateKey({ description: "Bodies of the last 24 hours that could not be read." })
}).annotate({ identifier: "Source" })

/** The sources. */
export class SourcesApi extends HttpApiGroup.make("sources")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: whole,
      success: list(Source),
      error: StoreUnavailable
    }).annotateMerge(says("The sources", "Those that the gateway reads, and those that posted to /v1/alerts.")),
    HttpApiEndpoint.post("post", "/:name", {
      params: {
        name: Schema.String.annotateKey({ description: "A built-in source's name is its type: thousandeyes." })
      },
      payload: Schema.Json,
      success: Taken,
      error: [InvalidRequest, NotFound, TooLarge, StoreUnavailable]
    }).annotateMerge(
      says(
        "Take what a monitoring system sends",
        "Answered when it is on the disk. JSON of an unknown shape is kept and answered with 200, because senders repeat what is refused."
      )
    ),
    HttpApiEndpoint.get("unreadable", "/unreadable", {
      query: page,
      success: list(UnreadableBody),
      error: StoreUnavailable
    }).annotateMerge(
      says("What nobody could read", "The 1,000 newest bodies that sources sent and that could not be read.")
    ),
    HttpApiEndpoint.post("replay", "/unreadable/:id/replay", {
      params: { id: Schema.String },
      success: Taken,
      error: [NotFound, Conflict, StoreUnavailable]
    }).annotateMerge(
      says(
        "Read it again",
        "After a fix: takes the body as if it came now. What could be read is no longer kept; else it stays."
      )
    )
  )
  .prefix("/v1/sources")
  .annotateMerge(OpenApi.annotations({ description: "Where monitoring systems send their own formats." })) {}
