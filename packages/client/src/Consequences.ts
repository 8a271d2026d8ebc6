/**
 * The consequences of an edit before it is saved, and recent activity of integrations.
 */
import { AlertRuleId, IntegrationId } from "@tocsin/core"
import { Schema } from "effect"

/** How many messages an edit sends to one integration. */
export const MessageCounts = Schema.Struct({
  integration: IntegrationId,
  raise: Schema.Natural.annotateKey({ description: "Raised messages." }),
  clear: Schema.Natural.annotateKey({ description: "Cleared messages." })
}).annotate({ identifier: "MessageCounts" })

/** The consequences of saving or removing an integration. */
export const Consequences = Schema.Struct({
  raise: Schema.Natural.annotateKey({ description: "Raised messages in all." }),
  clear: Schema.Natural.annotateKey({ description: "Cleared messages in all." }),
  integrations: Schema.Array(MessageCounts).annotateKey({
    description: "The same for each integration that receives any."
  }),
  retried: Schema.Natural.annotateKey({ description: "Pending deliveries that are attempted at once after a save." }),
  superseded: Schema.Natural.annotateKey({ description: "Pending deliveries that are never sent after a removal." }),
  rules: Schema.Array(
    Schema.Struct({
      id: AlertRuleId,
      name: Schema.String,
      integrationsLeft: Schema.Natural.annotateKey({
        description: "How many integrations the rule keeps: with 0 it notifies nobody."
      })
    })
  ).annotateKey({ description: "Rules that a removal takes the integration from." }),
  fallbackFor: Schema.Array(IntegrationId).annotateKey({
    description: "Integrations that a removal takes the fallback from."
  })
}).annotate({ identifier: "Consequences" })

/** What happened at one integration in the last 24 hours, by the hour. */
export const Activity = Schema.Struct({
  integration: IntegrationId,
  delivered: Schema.Array(Schema.Natural).annotateKey({
    description: "Delivered messages: 24 numbers, the oldest hour first, the current hour last."
  }),
  failed: Schema.Array(Schema.Natural).annotateKey({ description: "Dead deliveries, likewise." })
}).annotate({ identifier: "Activity" })
