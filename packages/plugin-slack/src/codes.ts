/**
 * Classifies the codes with which Slack's incoming webhooks and its Web API refuse a request.
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
 * @see https://docs.slack.dev/reference/methods/chat.postMessage#errors
 * @see https://docs.slack.dev/reference/methods/chat.update#errors
 */
import {
  DestinationGone,
  MessageGone,
  Misconfigured,
  PayloadRejected,
  type Reason,
  Unauthorized,
  Unavailable
} from "@tocsin/core"

/** The reason for a code; undefined for an unknown code and for those of rate limits. */
export const reasonOf = (code: string): (new (of: { readonly detail: string }) => Reason) | undefined =>
  reasons.get(code)

const reasons = new Map<string, new (of: { readonly detail: string }) => Reason>([
  ["attachment_payload_limit_exceeded", PayloadRejected],
  ["invalid_arguments", PayloadRejected],
  ["invalid_attachments", PayloadRejected],
  ["invalid_blocks", PayloadRejected],
  ["invalid_blocks_format", PayloadRejected],
  ["invalid_payload", PayloadRejected],
  ["missing_text_or_fallback_or_attachments", PayloadRejected],
  ["msg_blocks_too_long", PayloadRejected],
  ["msg_too_long", PayloadRejected],
  ["no_text", PayloadRejected],
  ["too_many_attachments", PayloadRejected],

  ["cannot_reply_to_message", MessageGone],
  ["message_not_found", MessageGone],
  ["restricted_action_non_threadable_channel", MessageGone],
  ["restricted_action_thread_locked", MessageGone],
  ["thread_not_found", MessageGone],

  ["access_denied", Unauthorized],
  ["account_inactive", Unauthorized],
  ["app_access_restricted", Unauthorized],
  ["ekm_access_denied", Unauthorized],
  ["enterprise_is_restricted", Unauthorized],
  ["invalid_auth", Unauthorized],
  ["invalid_team", Unauthorized],
  ["invalid_token", Unauthorized],
  ["missing_scope", Unauthorized],
  ["no_permission", Unauthorized],
  ["no_team", Unauthorized],
  ["not_allowed_token_type", Unauthorized],
  ["not_authed", Unauthorized],
  ["team_access_not_granted", Unauthorized],
  ["team_disabled", Unauthorized],
  ["team_not_found", Unauthorized],
  ["token_expired", Unauthorized],
  ["token_revoked", Unauthorized],
  ["two_factor_setup_required", Unauthorized],

  ["channel_is_archived", DestinationGone],
  ["channel_not_found", DestinationGone],
  ["is_archived", DestinationGone],
  ["no_active_hooks", DestinationGone],
  ["no_service", DestinationGone],
  ["no_service_id", DestinationGone],

  ["action_prohibited", Misconfigured],
  ["messages_tab_disabled", Misconfigured],
  ["not_in_channel", Misconfigured],
  ["posting_to_general_channel_denied", Misconfigured],
  ["restricted_action", Misconfigured],
  ["restricted_action_read_only_channel", Misconfigured],
  ["restricted_action_thread_only_channel", Misconfigured],
  ["user_not_found", Misconfigured],

  ["accesslimited", Unavailable],
  ["external_channel_migrating", Unavailable],
  ["fatal_error", Unavailable],
  ["internal_error", Unavailable],
  ["message_limit_exceeded", Unavailable],
  ["org_login_required", Unavailable],
  ["request_timeout", Unavailable],
  ["rollup_error", Unavailable],
  ["service_unavailable", Unavailable],
  ["team_added_to_org", Unavailable]
])
