/**
 * The integrations: configured channels.
 */
import { IntegrationId } from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Consequences } from "../Consequences.ts"
import { ifMatch, withETag } from "../etags.ts"
import { Integration, IntegrationPayload, IntegrationReplacement, Settings, State } from "./Integration.ts"
import { IntegrationPreview } from "./IntegrationPreview.ts"
import { list, page } from "../lists.ts"
import { Conflict, InvalidRequest, NotFound, PreconditionFailed, StoreUnavailable } from "../Problems.ts"
import { bodyIsOptional, says } from "../says.ts"
import { TestSend } from "./TestSend.ts"

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
        "201 if there was none of this id; with If-Match that is 412. A secret that is left out stays. It must be entered again if the settings now point to another URL (anything before # differs). What waits is tried at once."
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
