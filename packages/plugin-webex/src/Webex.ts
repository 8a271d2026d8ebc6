/**
 * The plugin for Webex.
 */
import {
  BaseUrl,
  ChannelPlugin,
  cut,
  DestinationGone,
  HttpChannel,
  HttpClientRequest,
  Message,
  MessageGone,
  Misconfigured,
  Unavailable
} from "@tocsin/core"
import { Option, Redacted, Schema } from "effect"
import { maxText, payload, preview } from "./message.ts"

/** Posts to a Webex space as a bot; what follows on a raise is a reply to it. */
export class Webex extends ChannelPlugin.Service<Webex>()("webex", {
  title: "Webex",
  settings: Schema.Struct({
    token: Schema.Redacted(
      Schema.String.check(Schema.isPattern(/^[!-~]+$/u, { expected: "a bot's access token, without spaces" }))
    ).annotateKey({ title: "Token", description: "The bot's access token" }),
    roomId: Schema.String.check(
      Schema.isPattern(/^[\w=-]+$/u, { expected: "the id of a space, such as Y2lzY29zcGFyazovL3VzL1JPT00v..." })
    ).annotateKey({ title: "Room id", description: "The id of the space, as the API shows it" }),
    apiUrl: Schema.optionalKey(BaseUrl).annotateKey({
      title: "API URL",
      description: "The REST API; https://webexapis.com/v1 when absent"
    })
  }),
  settingsVersion: 1,
  example: { token: "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX", roomId: "Y2lzY29zcGFyazovL3VzL1JPT00vXXXXXXXX" },
  setup: [
    "Sign in at https://developer.webex.com, open My Webex Apps, Create a New App, and choose Create a Bot.",
    "Copy the bot's access token, which is shown only once.",
    "In Webex add the bot to the space, by its username, which ends in @webex.bot.",
    "Open https://developer.webex.com/messaging/docs/api/v1/rooms/list-rooms, run it with the bot's token, and copy the id of the space."
  ],
  // The limits are not published, and change; 429 says how long to wait:
  // https://developer.webex.com/blog/rate-limiting-and-the-webex-api
  rateLimits: ({ roomId, token }) => [
    { key: roomId, messages: 1, perSeconds: 1, burst: 1 },
    { key: token, messages: 300, perSeconds: 60, burst: 5 }
  ],
  sizes: { text: maxText },
  capabilities: { thread: true, verify: true },
  preview: (_, notification) => preview(Message.fromNotification(notification))
}) {
  static readonly layer = HttpChannel.layer(Webex, {
    request: (settings, notification, { conversation, form }) => {
      const parentId = first(conversation)
      return authorized(HttpClientRequest.post(endpoint(settings, "/messages")), settings).pipe(
        HttpClientRequest.bodyJsonUnsafe({
          roomId: settings.roomId,
          ...(parentId !== undefined && { parentId }),
          ...payload(Message.fromNotification(notification), form)
        })
      )
    },
    // https://developer.webex.com/docs/basics: errors have a message and a tracking id.
    answer: ({ body, headers, status }, { now, purpose }) => {
      const { id, message = "not Webex' answer" } = Option.getOrElse(decodeAnswer(body), (): typeof Said.Type => ({}))
      if (status === 200 && id !== undefined) return purpose._tag === "verify" ? {} : { data: { messageId: id } }
      const detail = `HTTP ${status}: ${cut(message, 200)}`
      if (status >= 200 && status < 300) return new Misconfigured({ detail })
      // https://developer.webex.com/docs/basics#api-errors: the space is locked for a while.
      if (status === 423) {
        const retryAfter = HttpChannel.retryAfter(headers, now)
        return new Unavailable({ detail, ...(retryAfter && { retryAfter }) })
      }
      // The text of the error does not say whether the message or the space is gone: the new message will.
      const isReply = purpose._tag === "deliver" && first(purpose.options.conversation) !== undefined
      if (isReply && (status === 400 || status === 404)) return new MessageGone({ detail })
      // The bot is not in the space.
      return status === 403 ? new DestinationGone({ detail }) : undefined
    },
    // A space that the bot is not in is not found.
    verify: (settings) => authorized(HttpClientRequest.get(endpoint(settings, `/rooms/${settings.roomId}`)), settings)
  })
}

const endpoint = ({ apiUrl }: typeof Webex.settings.Type, path: string): string =>
  `${(apiUrl?.href ?? "https://webexapis.com/v1").replace(/\/+$/, "")}${path}`

const authorized = (request: HttpClientRequest.HttpClientRequest, { token }: typeof Webex.settings.Type) =>
  HttpClientRequest.bearerToken(request, Redacted.value(token))

/** The first message of a conversation: Webex refuses replies to replies. */
const first = (conversation: ChannelPlugin.Conversation | undefined): string | undefined =>
  Option.getOrUndefined(Option.map(decodeKept(conversation?.messages[0]?.receipt.data), ({ messageId }) => messageId))

const decodeKept = Schema.decodeUnknownOption(Schema.Struct({ messageId: Schema.NonEmptyString }))

const Said = Schema.Struct({
  id: Schema.optionalKey(Schema.NonEmptyString),
  message: Schema.optionalKey(Schema.String)
})

const decodeAnswer = Schema.decodeUnknownOption(Schema.fromJsonString(Said))
