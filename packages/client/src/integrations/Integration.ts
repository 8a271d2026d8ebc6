/**
 * An integration as it is entered and as it is shown.
 */
import { AlertRuleId, ConfiguredName, DeliveryOptions, IntegrationId, Limits } from "@tocsin/core"
import { Schema } from "effect"
import { ignored } from "../ignored.ts"

/** The settings of an integration, as its plugin defines them. */
export const Settings = Schema.Record(Schema.String, Schema.Json)

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

/** Whether an integration can deliver. */
export const State = Schema.Literals(["ok", "waiting", "broken"])

/** The reasons of a failed attempt, for descriptions. */
export const failureReasons = [
  "RateLimited: the service wants fewer messages.",
  "Unavailable: it cannot be reached, or failed itself.",
  "Unauthorized: it refuses the secret.",
  "DestinationGone: there is no such channel or room any more.",
  "PayloadRejected: it refuses the message.",
  "Misconfigured: the settings cannot work.",
  "PluginFailed: the plugin has a bug; detail names the error and the function of the plugin."
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
        description: `${failureReasons} NotReady: its plugin is not installed, or cannot read the stored settings.`
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
        description: `Why the attempt failed, with what the service said. ${failureReasons}`
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
