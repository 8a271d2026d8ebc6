/**
 * Delivers alerts to a HipChat room, by the room notifications of HipChat's API v2.
 */
import { ChannelPlugin, HttpChannel, HttpClientRequest } from "@tocsin/core"
import { Redacted } from "effect"
import { answer } from "./answer.ts"
import { limits, rates } from "./limits.ts"
import { message } from "./message.ts"
import { preview } from "./preview.ts"
import { settings } from "./settings.ts"

/** Posts alerts to a room of HipChat Server, HipChat Data Center, or a bridge that speaks HipChat's API v2. */
export class HipChat extends ChannelPlugin.Service<HipChat>()("hipchat", {
  title: "HipChat",
  settings,
  settingsVersion: 1,
  example: {
    url: "https://hipchat.example.com/v2/room/42/notification",
    authToken: "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
  },
  setup: [
    "In HipChat open the room's settings, Tokens, and make a token with the scope Send Notification.",
    "Take https://<your server>/v2/room/<the room's id>/notification as the URL, and the token as the auth token."
  ],
  rateLimits: ({ authToken, url }) => [
    { key: `${url.origin}${url.pathname}`, ...rates.room },
    { key: Redacted.make(`token:${Redacted.value(authToken)}`), ...rates.token }
  ],
  sizes: { text: limits.message },
  capabilities: { verify: true },
  preview: (_, notification) => preview(notification)
}) {
  static readonly layer = HttpChannel.layer(HipChat, {
    request: ({ authToken, url }, notification, options) =>
      HttpClientRequest.post(url).pipe(
        HttpClientRequest.bearerToken(authToken),
        HttpClientRequest.bodyJsonUnsafe(message(notification, options))
      ),
    answer,
    // With auth_test HipChat only checks the token and its permission for this call. A service without auth_test
    // refuses the empty notification. Nothing is posted either way.
    verify: ({ authToken, url }) =>
      HttpClientRequest.post(url).pipe(
        HttpClientRequest.appendUrlParam("auth_test", "true"),
        HttpClientRequest.bearerToken(authToken),
        HttpClientRequest.bodyJsonUnsafe({})
      )
  })
}
