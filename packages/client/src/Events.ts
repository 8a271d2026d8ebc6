/**
 * Live changes: server-sent events that name the changed things without their contents.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { says } from "./says.ts"

/** Something that changed. Read it to get its new state. */
export const Change = Schema.Struct({
  kind: Schema.Literals(["alert", "delivery", "integration", "rule", "source", "session"]),
  id: Schema.optionalKey(Schema.String).annotateKey({
    description: "Its id. Absent when too many of this kind changed at once to name them: read all of the kind again."
  })
}).annotate({ identifier: "Change" })

/** The data of an event `changes`. */
export const Changes = Schema.Struct({ items: Schema.Array(Change) }).annotate({ identifier: "Changes" })

const event = <Name extends string, Data extends Schema.Top>(name: Name, data: Data) =>
  Schema.Struct({
    id: Schema.optional(Schema.String),
    event: Schema.Literal(name),
    data: Schema.fromJsonString(data)
  })

/**
 * One server-sent event.
 *
 * - `ready`: the stream has begun; its `id` is the present position.
 * - `changes`: things changed, at most four times a second; its `id` is the position after it.
 * - `reset`: changes were missed. Read everything again; its `id` is the present position.
 * - `heartbeat`: after 15 seconds without another event, without an `id`.
 */
export const ServerEvent = Schema.Union([
  event("ready", Schema.Struct({})),
  event("changes", Changes),
  event("reset", Schema.Struct({})),
  event("heartbeat", Schema.Struct({}))
])

/** The live stream. */
export class EventsApi extends HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.get("stream", "/", {
      headers: {
        "last-event-id": Schema.optionalKey(Schema.String).annotateKey({
          description:
            "The id of the last event that was received, which EventSource sends: the stream resumes after it."
        })
      },
      success: HttpApiSchema.StreamSse({ events: ServerEvent })
    }).annotateMerge(
      says(
        "What changes, live",
        "Server-sent events: ready, changes (kinds and ids, at most four times a second), reset (changes were missed: read everything again), heartbeat (after 15 seconds without another). Resumes after Last-Event-ID within the last minutes. Carries the changes of all gateways on the store. Ends when the session ends."
      )
    )
  )
  .prefix("/v1/events")
  .annotateMerge(OpenApi.annotations({ description: "What changes, live." })) {}
