/**
 * A test send, as a delivery of the kind `Test` (case D6).
 */
import { Alert, AlertId, ChannelPlugin, type IntegrationId } from "@tocsin/core"
import { type DateTime, Schema } from "effect"

/** The column `about` of the test sends of an integration. No integration's id has a colon. */
export const testsOf = (integration: IntegrationId): string => `test:${integration}`

/** The column `notification` of a test send: its message and its receipts. */
const TestSend = Schema.TaggedStruct("Test", {
  of: Schema.Literals(["Raised", "Cleared"]),
  alert: Alert,
  /** The receipt of the raise, in the clear that follows it. */
  follows: Schema.optionalKey(ChannelPlugin.Receipt),
  /** The receipt of this message. */
  receipt: Schema.optionalKey(ChannelPlugin.Receipt)
})
export type TestSend = typeof TestSend.Type

const TestSendJson = Schema.fromJsonString(Schema.toCodecJson(TestSend))
export const encodeTestSend = Schema.encodeSync(TestSendJson)
export const decodeTestSend = Schema.decodeSync(TestSendJson)

/** The delivery of a test send, to enqueue. */
export const newTestSend = (integration: IntegrationId, notification: TestSend) => ({
  integration,
  kind: "Test" as const,
  status: "pending" as const,
  cause: "test send",
  about: testsOf(integration),
  notification
})

/** The alert of a test: raised, until it is cleared. */
export const testAlert = (name: string, id: string, at: DateTime.Utc): Alert => ({
  id: AlertId.make(id),
  source: "tocsin",
  sourceId: id,
  episode: 1,
  rule: { name: "Test" },
  test: { name },
  severity: "info",
  summary: "Somebody tries whether messages arrive here.",
  startedAt: at,
  observations: [],
  observationsOmitted: 0,
  labels: {},
  links: {},
  state: "raised"
})

export const clearedTestAlert = (alert: Alert, at: DateTime.Utc): Alert => ({
  ...alert,
  state: "cleared",
  clearedAt: at,
  clearedBecause: "conditionsNoLongerMet"
})
