/**
 * What an edit does, before it is saved, and what happened at integrations lately.
 */
import { AlertRuleId, IntegrationId } from "@tocsin/core"
import { Schema } from "effect"

/** How many messages an edit sends to one integration. */
export const MessageCounts = Schema.Struct({
  integration: IntegrationId,
  raise: Schema.Natural.annotateKey({ description: "Raised messages." }),
  clear: Schema.Natural.annotateKey({ description: "Cleared messages." })
}).annotate({ identifier: "MessageCounts" })

/** What saving or removing an integration does. */
export const Consequences = Schema.Struct({
  raise: Schema.Natural.annotateKey({ description: "Raised messages in all." }),
  clear: Schema.Natural.annotateKey({ description: "Cleared messages in all." }),
  integrations: Schema.Array(MessageCounts).annotateKey({
    description: "The same for each integration that gets any."
  }),
  retried: Schema.Natural.annotateKey({ description: "Pending deliveries that are tried at once after a save." }),
  superseded: Schema.Natural.annotateKey({ description: "Pending deliveries that are never sent after a removal." }),
  rules: Schema.Array(
    Schema.Struct({
      id: AlertRuleId,
      name: Schema.String,
      integrationsLeft: Schema.Natural.annotateKey({
        description: "How many integrations the rule has left: with 0 it notifies nobody."
      })
    })
  ).annotateKey({ description: "The rules that lose the integration by a removal." }),
  fallbackFor: Schema.Array(IntegrationId).annotateKey({
    description: "The integrations that lose their fallback by a removal."
  })
}).annotate({ identifier: "Consequences" })

/** What happened at one integration in the last 24 hours, by the hour. */
export const Activity = Schema.Struct({
  integration: IntegrationId,
  delivered: Schema.Array(Schema.Natural).annotateKey({
    description: "Deliveries that were delivered: 24 numbers, the oldest hour first, the running hour last."
  }),
  failed: Schema.Array(Schema.Natural).annotateKey({ description: "Deliveries that died, likewise." })
}).annotate({ identifier: "Activity" })
