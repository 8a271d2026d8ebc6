/**
 * A reply to a digest that lists its alerts, as a delivery of the kind `DigestList` (case D5).
 */
import { ChannelPlugin, type IntegrationId, Notification } from "@tocsin/core"
import { Schema } from "effect"

/** The column `about` of the replies at an integration. No integration's id has a colon. */
export const repliesAt = (integration: IntegrationId): string => `digest:${integration}`

/** The column `notification` of a reply: its message, and the delivered digest. */
const DigestReply = Schema.TaggedStruct("DigestReply", {
  list: Notification.cases.DigestList,
  /** The delivery of the digest. */
  digest: Schema.String,
  receipt: ChannelPlugin.Receipt
})
export type DigestReply = typeof DigestReply.Type

const DigestReplyJson = Schema.fromJsonString(Schema.toCodecJson(DigestReply))
export const encodeDigestReply = Schema.encodeSync(DigestReplyJson)
export const decodeDigestReply = Schema.decodeSync(DigestReplyJson)

/** The delivery of a reply, to enqueue. */
export const newDigestReply = (integration: IntegrationId, reply: Omit<DigestReply, "_tag">) => ({
  integration,
  kind: "DigestList" as const,
  status: "pending" as const,
  cause: `reply ${reply.list.part} of ${reply.list.parts} to the digest ${reply.digest}: lists its alerts`,
  about: repliesAt(integration),
  notification: { _tag: "DigestReply" as const, ...reply }
})
