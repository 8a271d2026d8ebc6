/**
 * The plugin for Slack.
 */
import { ChannelPlugin, HttpChannel, HttpClientRequest, Message } from "@tocsin/core"
import { Redacted } from "effect"
import { botRequest, botVerify } from "./bot.ts"
import { botAnswer } from "./botAnswer.ts"
import { maxText } from "./limits.ts"
import { plain, rich } from "./message.ts"
import { parts } from "./parts.ts"
import { preview } from "./preview.ts"
import { Settings } from "./settings.ts"
import { webhookAnswer } from "./webhookAnswer.ts"

/**
 * Posts to a Slack channel: through its incoming webhook, or to another service that accepts the same messages; or as a
 * bot, which also updates its messages and replies to them when an alert clears.
 */
export class Slack extends ChannelPlugin.Service<Slack>()("slack", {
  title: "Slack",
  settings: Settings,
  settingsVersion: 1,
  example: { url: "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX" },
  setup: [
    "At https://api.slack.com/apps create an app for your workspace, or open one that you have.",
    "For a webhook: under Incoming Webhooks switch them on, choose Add New Webhook, pick the channel, and copy the webhook's URL.",
    "For a bot: under OAuth & Permissions add the bot scopes chat:write, chat:write.public, channels:read and groups:read, choose Install to Workspace, and copy the Bot User OAuth Token.",
    "Invite the bot to a private channel with /invite, and copy the channel's id from the end of its details."
  ],
  // https://docs.slack.dev/apis/web-api/rate-limits: one message a second in a channel, short bursts; Slack disables a
  // hook that keeps above it. A bot may post several hundred messages a minute in a workspace, and call chat.update at
  // least 50 times: with one clear for each raise, 100 messages keep within both.
  rateLimits: (settings) => {
    const channel = { messages: 5, perSeconds: 5, burst: 5 }
    if (settings.authenticate !== "bot") return [{ key: settings.url, ...channel }]
    const { token } = settings
    return [
      { key: Redacted.make(`${Redacted.value(token)} ${settings.channel}`), ...channel },
      { key: token, messages: 100, perSeconds: 60, burst: 20 }
    ]
  },
  sizes: { text: maxText },
  capabilities: { update: true, thread: true, verify: true },
  preview: ({ mention }, notification) => preview(parts(Message.fromNotification(notification), mention))
}) {
  static readonly layer = HttpChannel.layer(Slack, {
    request: (settings, notification, options) => {
      if (settings.authenticate === "bot") return botRequest(settings, notification, options)
      const { channel, mention, url } = settings
      const message = Message.fromNotification(notification)
      return HttpClientRequest.post(Redacted.value(url)).pipe(
        HttpClientRequest.bodyJsonUnsafe({
          ...(channel !== undefined && { channel }),
          ...(options.form === "rich" ? rich(message, mention) : plain(message, mention))
        })
      )
    },
    answer: (answer, { now, purpose, settings }) =>
      settings.authenticate === "bot" ? botAnswer(answer, { now, purpose: purpose._tag }) : webhookAnswer(answer),
    // A webhook cannot be checked without posting.
    verify: (settings) => (settings.authenticate === "bot" ? botVerify(settings) : undefined)
  })
}
