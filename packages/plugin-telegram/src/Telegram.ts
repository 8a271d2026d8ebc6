/**
 * The plugin for Telegram.
 */
import { ChannelPlugin, HttpChannel, HttpClientRequest, BaseUrl, Message } from "@tocsin/core"
import { Option, Redacted, Schema } from "effect"
import { answer } from "./answer.ts"
import { see } from "./see.ts"
import { maxText, text } from "./text.ts"

/** Posts to a Telegram chat as a bot; a clear edits the messages of the alert, and replies to them. */
export class Telegram extends ChannelPlugin.Service<Telegram>()("telegram", {
  title: "Telegram",
  settings: Schema.Struct({
    token: Schema.Redacted(
      Schema.String.check(
        Schema.isPattern(/^\d+:[A-Za-z0-9_-]+$/u, { expected: "a bot's token, such as 123456:ABC-DEF" })
      )
    ).annotateKey({ title: "Token", description: "The bot's token, as BotFather shows it" }),
    chatId: Schema.String.check(
      Schema.isPattern(/^(?:-?\d+|@\w{4,})$/u, { expected: "a chat's number, or @ and the name of a public one" })
    ).annotateKey({
      title: "Chat id",
      description: "The number of a chat, negative for groups, or @ and the name of a public channel or group"
    }),
    messageThreadId: Schema.optionalKey(Schema.Natural).annotateKey({
      title: "Message thread id",
      description: "The number of a topic in a group that has topics; the general one when absent"
    }),
    onClear: Schema.optionalKey(Schema.Literals(["edit", "reply", "both"])).annotateKey({
      title: "On clear",
      description:
        "What a clear does: edit changes the messages of the alert, which notifies nobody; reply posts a reply to the first; both, also when absent, does both"
    }),
    apiUrl: Schema.optionalKey(BaseUrl).annotateKey({
      title: "API URL",
      description: "The Bot API server; https://api.telegram.org when absent"
    })
  }),
  settingsVersion: 1,
  example: { token: "123456789:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX", chatId: "-1001234567890" },
  setup: [
    "In Telegram write /newbot to @BotFather, and copy the token that it answers with.",
    "Add the bot to the group, or to the channel as an administrator who may post messages.",
    "Write a message there, open https://api.telegram.org/bot<token>/getUpdates in a browser, and copy the id of its chat."
  ],
  // https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this: 1 message a second in a chat with
  // short
  // bursts, 20 a minute in a group, and about 30 a second of a bot.
  rateLimits: ({ chatId, token }) => [
    {
      key: `${Redacted.value(token).split(":", 1).join("")} ${chatId}`,
      messages: /^\d/.test(chatId) ? 60 : 20,
      perSeconds: 60,
      burst: 5
    },
    { key: token, messages: 30, perSeconds: 1, burst: 30 }
  ],
  sizes: { text: maxText },
  capabilities: { update: true, thread: true, verify: true },
  preview: (_, notification) => see(text(Message.fromNotification(notification), "rich"))
}) {
  static readonly layer = HttpChannel.layer(Telegram, {
    request: (settings, notification, options) => {
      const { chatId: chat_id, messageThreadId: message_thread_id, onClear = "both" } = settings
      const content = {
        chat_id,
        ...text(Message.fromNotification(notification), options.form),
        link_preview_options: { is_disabled: true }
      }
      const call = (method: string, body: object) =>
        HttpClientRequest.post(endpoint(settings, method)).pipe(HttpClientRequest.bodyJsonUnsafe(body))
      const before = ChannelPlugin.receiptsToUpdate(notification, options).flatMap(({ data }) =>
        Option.toArray(decodeKept(data)).map(({ messageId }) => messageId)
      )
      const replyTo = before[0] ?? repliesTo(options)
      const post = call("sendMessage", {
        ...content,
        ...(message_thread_id !== undefined && { message_thread_id }),
        ...(replyTo !== undefined && {
          reply_parameters: { message_id: replyTo, allow_sending_without_reply: notification._tag !== "DigestList" }
        })
      })
      const [first, ...others] =
        onClear === "reply" ? [] : before.map((message_id) => call("editMessageText", { ...content, message_id }))
      if (first === undefined) return post
      return onClear === "edit" ? [first, ...others] : [first, ...others, post]
    },
    answer: (given, { now, purpose }) => answer(given, { now, purpose: purpose._tag }),
    // Fails both without a valid token and if the bot is not in the chat.
    verify: (settings) => HttpClientRequest.get(endpoint(settings, "getChat", { chat_id: settings.chatId }))
  })
}

/** The URL of a method; it contains the token unencoded. https://core.telegram.org/bots/api#making-requests */
const endpoint = (
  { apiUrl, token }: typeof Telegram.settings.Type,
  method: string,
  query?: { readonly [name: string]: string }
): string => {
  const base = (apiUrl?.href ?? "https://api.telegram.org").replace(/\/+$/, "")
  return `${base}/bot${Redacted.value(token)}/${method}${query ? `?${new URLSearchParams(query).toString()}` : ""}`
}

/** The first message of the conversation: an escalation replies to it, too. */
const repliesTo = ({ conversation }: ChannelPlugin.DeliverOptions): number | undefined =>
  Option.getOrUndefined(Option.map(decodeKept(conversation?.messages[0]?.receipt.data), ({ messageId }) => messageId))

const decodeKept = Schema.decodeUnknownOption(Schema.Struct({ messageId: Schema.Int }))
