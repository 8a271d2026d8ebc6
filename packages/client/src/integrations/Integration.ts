/**
 * An integration as it is entered and as it is shown.
 */
import { AlertRuleId, ConfiguredName, DeliveryOptions, IntegrationId, Limits } from "@tocsin/core"
import { Schema } from "effect"
import { ignored } from "../ignored.ts"

/** The settings of an integration, defined by its plugin. */
export const Settings = Schema.Record(Schema.String, Schema.Json)

const entered = {
  name: ConfiguredName.annotateKey({ description: "A name for people." }),
  type: Schema.NonEmptyString.annotateKey({ description: "The type of an installed plugin: see GET /v1/plugins." }),
  settings: Settings.annotateKey({
    description:
      "The plugin's settings: see GET /v1/plugins. A replacement keeps secrets that it omits; null removes an optional one."
  }),
  limits: Schema.optionalKey(Limits).annotateKey({
    description: "The rate limit, instead of the plugin's."
  }),
  fallback: Schema.optionalKey(IntegrationId).annotateKey({
    description:
      "The id of another integration, which must exist: it is notified instead while this one is broken, must wait for longer than delivery.fallbackAfter, or is unavailable for that long."
  }),
  delivery: Schema.optionalKey(DeliveryOptions).annotateKey({ description: "Timeouts, in seconds." })
}

/** An integration as it is entered. `enabled` is true when absent; the gateway creates an absent `id`. */
export const IntegrationPayload = Schema.Struct({
  id: Schema.optionalKey(IntegrationId).annotateKey({ description: "Created by the gateway if absent." }),
  ...entered,
  enabled: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "True if absent." }),
  tested: Schema.optionalKey(Schema.String).annotateKey({
    description:
      "From the answer of a test with these settings, when the integration is created by POST. Ignored otherwise."
  }),
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

/** An integration that replaces a stored one, and keeps the secrets that its settings omit. */
export const IntegrationReplacement = IntegrationPayload.annotate({ identifier: "IntegrationReplacement" })

/** Whether an integration can deliver. */
export const State = Schema.Literals(["ok", "waiting", "broken"])

/** The reasons of a failed attempt, for descriptions. */
export const failureReasons = [
  "RateLimited: the service wants fewer messages.",
  "Unavailable: it cannot be reached, or failed itself.",
  "Unauthorized: it refuses the secret.",
  "DestinationGone: the channel no longer exists.",
  "PayloadRejected: it refuses the message.",
  "Misconfigured: the settings cannot work.",
  "PluginFailed: the plugin has a bug; detail names the error and the function of the plugin."
].join(" ")

/** A pause of an integration by a person. */
export const Paused = Schema.Struct({
  since: Schema.DateTimeUtc,
  reason: Schema.String,
  by: Schema.String.annotateKey({ description: "Who paused it: a user name or a network address." })
}).annotate({ identifier: "Paused" })

/** An integration as it is shown: without its secrets. */
export const Integration = Schema.Struct({
  id: IntegrationId,
  ...entered,
  enabled: Schema.Boolean,
  secretsSet: Schema.Array(Schema.String).annotateKey({
    description: "JSON Pointers into settings: the secrets that are set. Their values are never shown."
  }),
  state: State.annotateKey({
    description:
      "waiting: the service asked for a pause, or cannot be reached. broken: nothing is sent until a person fixes it or one of the attempts every five minutes succeeds."
  }),
  waiting: Schema.optionalKey(
    Schema.Struct({ because: Schema.Literals(["limited", "unavailable"]), until: Schema.DateTimeUtc })
  ),
  broken: Schema.optionalKey(
    Schema.Struct({
      reason: Schema.String.annotateKey({
        description: `${failureReasons} NotReady: its plugin is not installed, or cannot read the stored settings.`
      }),
      since: Schema.DateTimeUtc
    })
  ),
  backlog: Schema.Natural.annotateKey({ description: "The number of pending deliveries." }),
  oldestAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({ description: "When the oldest of them was created." }),
  lastSuccessAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
    description: "When a message was last delivered, tests included. Absent if none was: the integration is untested."
  }),
  lastFailure: Schema.optionalKey(
    Schema.Struct({
      at: Schema.DateTimeUtc,
      reason: Schema.String.annotateKey({
        description: `Why the attempt failed, with the service's answer. ${failureReasons}`
      })
    })
  ).annotateKey({ description: "The last failed attempt, tests included." }),
  paused: Schema.optionalKey(Paused).annotateKey({
    description: "Present while it is paused: deliveries are queued and not sent."
  }),
  rules: Schema.Array(Schema.Struct({ id: AlertRuleId, name: Schema.String })).annotateKey({
    description: "The alert rules that use it."
  }),
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
}).annotate({ identifier: "Integration" })
