/**
 * Classifies the answers of incoming webhooks.
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
 */
import {
  type ChannelPlugin,
  cut,
  DestinationGone,
  type HttpChannel,
  Misconfigured,
  PayloadRejected,
  type Reason,
  Unauthorized,
  Unavailable
} from "@tocsin/core"
import { Option, Schema } from "effect"

/**
 * Success is 200 with the body `ok`. Otherwise Slack's code decides, whatever the status; undefined without a known
 * code.
 */
export const answer = ({ body, status }: HttpChannel.Answer): ChannelPlugin.Receipt | Reason | undefined => {
  const text = body.trim()
  if (status === 200 && text === "ok") return {}
  if (status === 429) return undefined
  const code = Option.match(decodeRefusal(text), { onNone: () => text, onSome: ({ error }) => error })
  const Reason = reasons.get(code)
  if (Reason !== undefined) return new Reason({ detail: `HTTP ${status}: ${code}` })
  if (status < 200 || status >= 300) return undefined
  const said = text === "" ? "an empty body" : cut(text.replace(/\s+/g, " "), 200)
  return new Misconfigured({ detail: `HTTP ${status}, but not Slack's "ok": ${said}` })
}

/** Some hooks refuse in JSON, as the rest of Slack's API does. */
const decodeRefusal = Schema.decodeOption(
  Schema.fromJsonString(Schema.Struct({ ok: Schema.Literal(false), error: Schema.String }))
)

const reasons = new Map<string, new (of: { readonly detail: string }) => Reason>([
  ["invalid_payload", PayloadRejected],
  ["no_text", PayloadRejected],
  ["missing_text_or_fallback_or_attachments", PayloadRejected],
  ["invalid_blocks", PayloadRejected],
  ["invalid_blocks_format", PayloadRejected],
  ["invalid_attachments", PayloadRejected],
  ["too_many_attachments", PayloadRejected],
  ["msg_too_long", PayloadRejected],
  ["msg_blocks_too_long", PayloadRejected],
  ["user_not_found", Misconfigured],
  ["posting_to_general_channel_denied", Misconfigured],
  ["action_prohibited", Misconfigured],
  ["invalid_token", Unauthorized],
  ["no_team", Unauthorized],
  ["team_disabled", Unauthorized],
  ["invalid_team", Unauthorized],
  ["channel_not_found", DestinationGone],
  ["channel_is_archived", DestinationGone],
  ["no_service", DestinationGone],
  ["no_service_id", DestinationGone],
  ["no_active_hooks", DestinationGone],
  ["rollup_error", Unavailable]
])
