/**
 * The integrations: configured channels.
 */
import { AlertId, IntegrationId } from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Consequences } from "../Consequences.ts"
import { ifMatch, withETag } from "../etags.ts"
import { Integration, IntegrationPayload, IntegrationReplacement, Settings, State } from "./Integration.ts"
import { IntegrationPreview } from "./IntegrationPreview.ts"
import { needs } from "../access/Scope.ts"
import { list, page } from "../lists.ts"
import { Conflict, InvalidRequest, NotFound, PreconditionFailed } from "../Problems.ts"
import { Reason } from "../reason.ts"
import { bodyIsOptional, says } from "../says.ts"
import { TestSend } from "./TestSend.ts"

const params = { id: IntegrationId }

const WhyPaused = Schema.Struct({
  reason: Reason.check(Schema.isMaxLength(1024)).annotateKey({ description: "Kept in history." })
})

const SettingsToTry = Schema.Struct({
  settings: Schema.optionalKey(Settings).annotateKey({
    description: "Settings to try instead of the stored ones, with the stored secrets for those omitted."
  })
})

const ofAlert = {
  alert: Schema.optionalKey(AlertId).annotateKey({
    description: "The id of an alert that the messages are about, in place of the example; digests stay examples."
  })
}

/** The integrations. */
export class IntegrationsApi extends HttpApiGroup.make("integrations")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: { ...page, type: Schema.optionalKey(Schema.String), state: Schema.optionalKey(State) },
      success: list(Integration)
    }).annotateMerge(says("Integrations, oldest first")),
    HttpApiEndpoint.post("create", "/", {
      payload: IntegrationPayload,
      success: withETag(Integration.pipe(HttpApiSchema.status(201))),
      error: [InvalidRequest, Conflict]
    }).annotateMerge(says("Create an integration", "Refuses settings whose destination may not be called.")),
    HttpApiEndpoint.post("testUnsaved", "/test", {
      payload: IntegrationPayload,
      success: TestSend,
      error: InvalidRequest
    }).annotateMerge(
      says(
        "Send a test with unsaved settings",
        "Answers within 15 seconds. Nothing is stored; the test counts against the rate limit. If both were delivered, `tested` proves it to the request that creates the integration."
      )
    ),
    HttpApiEndpoint.post("previewUnsaved", "/preview", {
      query: ofAlert,
      payload: IntegrationPayload,
      success: IntegrationPreview,
      error: [InvalidRequest, NotFound]
    })
      .annotateMerge(needs("read"))
      .annotateMerge(says("Preview the messages of unsaved settings", "Nothing is sent, and nothing is stored.")),
    HttpApiEndpoint.post("consequences", "/consequences", {
      payload: [
        IntegrationPayload,
        Schema.Struct({
          remove: IntegrationId.annotateKey({
            description: "The integration to remove, also from its rules."
          })
        })
      ],
      success: Consequences,
      error: [InvalidRequest, NotFound]
    })
      .annotateMerge(needs("read"))
      .annotateMerge(
        says(
          "The consequences of saving or removing an integration",
          "The body is that of a save with the id of an existing integration, or { remove: its id }. Nothing is saved, and nothing is sent."
        )
      ),
    HttpApiEndpoint.get("get", "/:id", {
      params,
      success: withETag(Integration),
      error: NotFound
    }).annotateMerge(says("One integration, without its secrets")),
    HttpApiEndpoint.put("replace", "/:id", {
      params,
      headers: ifMatch,
      payload: IntegrationReplacement,
      success: [withETag(Integration), withETag(Integration.pipe(HttpApiSchema.status(201)))],
      error: [InvalidRequest, PreconditionFailed]
    }).annotateMerge(
      says(
        "Create or replace an integration",
        "201 if it is new; 412 if If-Match is set and it does not exist. Keeps secrets that are omitted, and removes an optional one that is null, but requires them if the settings now point to another URL (anything before # differs). Attempts pending deliveries at once."
      )
    ),
    HttpApiEndpoint.delete("remove", "/:id", {
      params,
      headers: ifMatch,
      query: {
        force: Schema.optionalKey(Schema.Literals(["true", "false"])).annotateKey({
          description: "true: also remove it from the rules and fallbacks that use it."
        })
      },
      success: HttpApiSchema.NoContent,
      error: [NotFound, Conflict, PreconditionFailed]
    }).annotateMerge(says("Remove an integration", "Its open deliveries are superseded.")),
    HttpApiEndpoint.post("pause", "/:id/pause", {
      params,
      payload: WhyPaused,
      success: Integration,
      error: [InvalidRequest, NotFound]
    }).annotateMerge(
      says(
        "Pause an integration",
        "Queues deliveries until it is resumed. Attempts in flight are finished, and test sends are still sent. History keeps the reason."
      )
    ),
    HttpApiEndpoint.post("resume", "/:id/resume", {
      params,
      payload: WhyPaused,
      success: Integration,
      error: [InvalidRequest, NotFound]
    }).annotateMerge(says("Resume an integration", "Sends the queued deliveries. History keeps the reason.")),
    HttpApiEndpoint.post("test", "/:id/test", {
      params,
      payload: [
        SettingsToTry,
        // The body may be absent.
        Schema.Null
      ],
      success: TestSend,
      error: [InvalidRequest, NotFound]
    })
      .annotateMerge(bodyIsOptional)
      .annotateMerge(
        says(
          "Send a test",
          "Sends a raised and a cleared notification before all pending deliveries, also if the integration is broken or disabled. Answers within 15 seconds. A success ends a broken state. History shows both."
        )
      ),
    HttpApiEndpoint.post("preview", "/:id/preview", {
      params,
      query: ofAlert,
      // The body may be absent.
      payload: [SettingsToTry, Schema.Null],
      success: IntegrationPreview,
      error: [InvalidRequest, NotFound]
    })
      .annotateMerge(bodyIsOptional)
      .annotateMerge(needs("read"))
      .annotateMerge(says("Preview the messages of an integration", "Nothing is sent, and nothing is stored."))
  )
  .prefix("/v1/integrations")
  .annotateMerge(OpenApi.annotations({ description: "The integrations: configured channels." })) {}
