/**
 * The integrations: configured channels.
 */
import {
  AlertRuleId,
  ConfiguredName,
  DeliveryOptions,
  IntegrationId,
  Limits,
  Link,
  Preview,
  ShownRequest
} from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Consequences } from "./Consequences.ts"
import { ifMatch, withETag } from "./etags.ts"
import { ignored } from "./ignored.ts"
import { list, page } from "./lists.ts"
import { Conflict, InvalidRequest, NotFound, PreconditionFailed, StoreUnavailable } from "./Problems.ts"
import { bodyIsOptional, says } from "./says.ts"

const Settings = Schema.Record(Schema.String, Schema.Json)

const entered = {
  name: ConfiguredName.annotateKey({ description: "What people call it." }),
  type: Schema.NonEmptyString.annotateKey({ description: "The type of an installed plugin: see GET /v1/plugins." }),
  settings: Settings.annotateKey({
    description: "The plugin's settings: see GET /v1/plugins. A secret that a replacement leaves out stays as it is."
  }),
  limits: Schema.optionalKey(Limits).annotateKey({
    description: "How fast it may be sent to, in place of what its plugin says."
  }),
  fallback: Schema.optionalKey(IntegrationId).annotateKey({
    description:
      "The id of another integration, which must exist: it is notified instead while this one is broken, must wait for longer than delivery.fallbackAfter, or is unavailable for that long."
  }),
  delivery: Schema.optionalKey(DeliveryOptions).annotateKey({ description: "How long to try; all in seconds." })
}

/** An integration as it is entered. `enabled` is true when absent; an absent `id` is made by the gateway. */
export const IntegrationPayload = Schema.Struct({
  id: Schema.optionalKey(IntegrationId).annotateKey({ description: "Made by the gateway if it is left out." }),
  ...entered,
  enabled: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "True if it is left out." }),
  secretsSet: ignored,
  state: ignored,
  waiting: ignored,
  broken: ignored,
  backlog: ignored,
  oldestAt: ignored,
  lastSuccessAt: ignored,
  lastFailure: ignored,
  paused: ignored,
  rules: ignored,
  createdAt: ignored,
  updatedAt: ignored
}).annotate({ identifier: "IntegrationPayload" })

/** An integration as it replaces what is stored: its settings may leave out secrets, which then stay as they are. */
export const IntegrationReplacement = IntegrationPayload.annotate({ identifier: "IntegrationReplacement" })

const State = Schema.Literals(["ok", "waiting", "broken"])

const sixReasons = [
  "RateLimited: the service wants fewer messages.",
  "Unavailable: it cannot be reached, or failed itself.",
  "Unauthorized: it refuses the secret.",
  "DestinationGone: there is no such channel or room any more.",
  "PayloadRejected: it refuses the message.",
  "Misconfigured: the settings cannot work."
].join(" ")

/** Why nothing is sent to an integration although nothing is wrong with it: somebody paused it. */
export const Paused = Schema.Struct({
  since: Schema.DateTimeUtc,
  reason: Schema.String,
  by: Schema.String.annotateKey({ description: "Who paused it: a user's name or a network address." })
}).annotate({ identifier: "Paused" })

/** An integration as it is shown: without its secrets. */
export const Integration = Schema.Struct({
  id: IntegrationId,
  ...entered,
  enabled: Schema.Boolean,
  secretsSet: Schema.Array(Schema.String).annotateKey({
    description: "JSON Pointers into settings: the secrets that are set. They are never shown."
  }),
  state: State.annotateKey({
    description:
      "waiting: the service asked to be left alone, or cannot be reached. broken: it stops until it is fixed, or works when it is tried again, every five minutes."
  }),
  waiting: Schema.optionalKey(
    Schema.Struct({ because: Schema.Literals(["limited", "unavailable"]), until: Schema.DateTimeUtc })
  ),
  broken: Schema.optionalKey(
    Schema.Struct({
      reason: Schema.String.annotateKey({
        description: `${sixReasons} NotReady: its plugin is not installed, or cannot read the stored settings.`
      }),
      since: Schema.DateTimeUtc
    })
  ),
  backlog: Schema.Natural.annotateKey({ description: "How many deliveries wait there." }),
  oldestAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({ description: "When the oldest of them was made." }),
  lastSuccessAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
    description: "When a message was last delivered there, tests included. Absent while none ever was: it is untested."
  }),
  lastFailure: Schema.optionalKey(
    Schema.Struct({
      at: Schema.DateTimeUtc,
      reason: Schema.String.annotateKey({
        description: `Why the attempt failed, with what the service said. ${sixReasons}`
      })
    })
  ).annotateKey({ description: "The last attempt that failed, tests included." }),
  paused: Schema.optionalKey(Paused).annotateKey({
    description: "Present while it is paused: new deliveries are queued, and none is sent."
  }),
  rules: Schema.Array(Schema.Struct({ id: AlertRuleId, name: Schema.String })).annotateKey({
    description: "The alert rules that use it."
  }),
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
}).annotate({ identifier: "Integration" })

/** What became of the raised and the cleared notification of a test send. */
export const TestSend = Schema.Struct({
  items: Schema.Array(
    Schema.Struct({
      of: Schema.Literals(["Raised", "Cleared"]),
      status: Schema.Literals(["delivered", "failed", "trying", "skipped"]).annotateKey({
        description:
          "trying: not known after 15 seconds; it goes on for up to five minutes. skipped: not tried, because the raise did not arrive."
      }),
      form: Schema.Literals(["rich", "plain"]).annotateKey({
        description: "plain if the service refused the rich one."
      }),
      reason: Schema.optionalKey(Schema.String).annotateKey({
        description: `Why the last attempt failed. ${sixReasons}`
      }),
      detail: Schema.optionalKey(Schema.String).annotateKey({ description: "What the service said." }),
      until: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
        description: "Not tried before this time, because of a rate limit or because the service asked for it."
      }),
      link: Schema.optionalKey(Link).annotateKey({ description: "Where the message can be seen." })
    })
  )
}).annotate({ identifier: "TestSend" })

/** What each kind of notification would look like. */
export const IntegrationPreview = Schema.Struct({
  items: Schema.Array(
    Schema.Struct({
      kind: Schema.String.annotateKey({ description: "The kind of notification, such as Raised." }),
      preview: Schema.optionalKey(Preview.Preview).annotateKey({
        description: "What a person will see, as data; absent if the plugin does not say."
      }),
      text: Schema.String.annotateKey({ description: "The plain text, for when the service refuses the rich form." }),
      requests: Schema.Array(ShownRequest).annotateKey({
        description:
          "The requests as they would go out, every secret struck out; none if the channel is not one of HTTP requests."
      })
    })
  )
}).annotate({ identifier: "IntegrationPreview" })

const params = { id: IntegrationId }

const WhyPaused = Schema.Struct({
  reason: Schema.NonEmptyString.check(Schema.isMaxLength(1024)).annotateKey({ description: "Kept in history." })
})

const SettingsToTry = Schema.Struct({
  settings: Schema.optionalKey(Settings).annotateKey({
    description: "Settings to try in place of the stored ones; secrets that they leave out are the stored ones."
  })
})

/** The integrations. */
export class IntegrationsApi extends HttpApiGroup.make("integrations")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: { ...page, type: Schema.optionalKey(Schema.String), state: Schema.optionalKey(State) },
      success: list(Integration),
      error: StoreUnavailable
    }).annotateMerge(says("Integrations, in the order in which they were made")),
    HttpApiEndpoint.post("create", "/", {
      payload: IntegrationPayload,
      success: withETag(Integration.pipe(HttpApiSchema.status(201))),
      error: [InvalidRequest, Conflict, StoreUnavailable]
    }).annotateMerge(says("Make an integration", "Settings whose destination could never be called are refused.")),
    HttpApiEndpoint.post("testUnsaved", "/test", {
      payload: IntegrationPayload,
      success: TestSend,
      error: [InvalidRequest, StoreUnavailable]
    }).annotateMerge(
      says(
        "Send a test by settings that are not saved",
        "Answers within 15 seconds. Nothing is stored; the test counts against the rate limit."
      )
    ),
    HttpApiEndpoint.post("previewUnsaved", "/preview", {
      payload: IntegrationPayload,
      success: IntegrationPreview,
      error: [InvalidRequest, StoreUnavailable]
    }).annotateMerge(
      says("What messages would look like by settings that are not saved", "Nothing is sent, and nothing is stored.")
    ),
    HttpApiEndpoint.post("consequences", "/consequences", {
      payload: [
        IntegrationPayload,
        Schema.Struct({
          remove: IntegrationId.annotateKey({
            description: "The integration that would be removed, also from its rules."
          })
        })
      ],
      success: Consequences,
      error: [InvalidRequest, NotFound, StoreUnavailable]
    }).annotateMerge(
      says(
        "What saving or removing an integration does",
        "The body is that of a save, with the id of an integration that is there, or { remove: its id }. Nothing is saved, and nothing is sent."
      )
    ),
    HttpApiEndpoint.get("get", "/:id", {
      params,
      success: withETag(Integration),
      error: [NotFound, StoreUnavailable]
    }).annotateMerge(says("One integration, without its secrets")),
    HttpApiEndpoint.put("replace", "/:id", {
      params,
      headers: ifMatch,
      payload: IntegrationReplacement,
      success: [withETag(Integration), withETag(Integration.pipe(HttpApiSchema.status(201)))],
      error: [InvalidRequest, PreconditionFailed, StoreUnavailable]
    }).annotateMerge(
      says(
        "Create or replace an integration",
        "201 if there was none of this id; with If-Match that is 412. A secret that is left out stays, unless the settings now point to another scheme, host or port. What waits is tried at once."
      )
    ),
    HttpApiEndpoint.delete("remove", "/:id", {
      params,
      headers: ifMatch,
      query: {
        force: Schema.optionalKey(Schema.Literals(["true", "false"])).annotateKey({
          description: "true: also take it out of the rules and fallbacks that name it."
        })
      },
      success: HttpApiSchema.NoContent,
      error: [NotFound, Conflict, PreconditionFailed, StoreUnavailable]
    }).annotateMerge(says("Remove an integration", "Its open deliveries are superseded.")),
    HttpApiEndpoint.post("pause", "/:id/pause", {
      params,
      payload: WhyPaused,
      success: Integration,
      error: [InvalidRequest, NotFound, StoreUnavailable]
    }).annotateMerge(
      says(
        "Pause an integration",
        "Queues new deliveries and sends none until it is resumed; what is being sent ends first. Test sends still go. History keeps the reason."
      )
    ),
    HttpApiEndpoint.post("resume", "/:id/resume", {
      params,
      payload: WhyPaused,
      success: Integration,
      error: [InvalidRequest, NotFound, StoreUnavailable]
    }).annotateMerge(
      says("Resume an integration", "Sends what was queued while it was paused. History keeps the reason.")
    ),
    HttpApiEndpoint.post("test", "/:id/test", {
      params,
      payload: [
        SettingsToTry,
        // No body at all.
        Schema.Null
      ],
      success: TestSend,
      error: [InvalidRequest, NotFound, StoreUnavailable]
    })
      .annotateMerge(bodyIsOptional)
      .annotateMerge(
        says(
          "Send a test",
          "A raised and a cleared notification, before all that waits, also if it is broken or disabled. Answers within 15 seconds. A success ends a broken state. History shows both."
        )
      ),
    HttpApiEndpoint.post("preview", "/:id/preview", {
      params,
      // No body at all, too.
      payload: [SettingsToTry, Schema.Null],
      success: IntegrationPreview,
      error: [InvalidRequest, NotFound, StoreUnavailable]
    })
      .annotateMerge(bodyIsOptional)
      .annotateMerge(says("What its messages look like", "Nothing is sent, and nothing is stored."))
  )
  .prefix("/v1/integrations")
  .annotateMerge(OpenApi.annotations({ description: "The integrations: configured channels." })) {}
