/**
 * The plugin for Google Chat.
 */
import { ChannelPlugin, cut, HttpChannel, HttpClientRequest, Message, Misconfigured, Unauthorized } from "@tocsin/core"
import { Option, Redacted, Schema } from "effect"
import { maxText, payload, preview } from "./message.ts"

/** Posts to a Google Chat space through its incoming webhook; what follows on a raise lands in its thread. */
export class GoogleChat extends ChannelPlugin.Service<GoogleChat>()("google-chat", {
  title: "Google Chat",
  settings: Schema.Struct({
    url: Schema.Redacted(
      Schema.String.check(
        Schema.makeFilter((url) => spaceOf(url) !== undefined, {
          expected: "a webhook's URL, such as https://chat.googleapis.com/v1/spaces/<space>/messages?key=...&token=..."
        })
      )
    ).annotateKey({ title: "URL", description: "The webhook's URL; whoever has it can post" })
  }),
  settingsVersion: 1,
  example: {
    url: "https://chat.googleapis.com/v1/spaces/AAAAAAAAAAA/messages?key=XXXXXXXXXXXXXXXXXXXX&token=XXXXXXXXXXXXXXXXXXXX"
  },
  setup: [
    "In Google Chat, in a browser, open the space, the menu beside its name, and Apps & integrations.",
    "Choose Add webhooks, give the webhook a name, and save it.",
    "Open the webhook's menu (⋮), and choose Copy link."
  ],
  // https://developers.google.com/workspace/chat/limits#per-space_quotas: 60 writes a minute, which all apps in a space share.
  rateLimits: ({ url }) => [
    { key: spaceOf(Redacted.value(url)) ?? "", messages: 1, perSeconds: 1, burst: 1 },
    { key: url, messages: 1, perSeconds: 1, burst: 1 }
  ],
  sizes: { text: maxText },
  capabilities: { thread: true },
  preview: (_, notification) => preview(Message.fromNotification(notification))
}) {
  static readonly layer = HttpChannel.layer(GoogleChat, {
    request: ({ url }, notification, { conversation, deliveryId, form }) => {
      const endpoint = new URL(Redacted.value(url))
      // https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create#query-parameters
      if (conversation) endpoint.searchParams.set("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD")
      // A digest has no key, so its list replies to its thread by name.
      const digestThread =
        notification._tag === "DigestList" ? threadOf(conversation?.messages[0]?.receipt.data) : undefined
      // The message of an earlier attempt is returned, and no other one made. The plain form has as little as possible.
      if (form === "rich") endpoint.searchParams.set("requestId", deliveryId)
      return HttpClientRequest.post(endpoint.href).pipe(
        HttpClientRequest.bodyJsonUnsafe({
          ...payload(Message.fromNotification(notification), form),
          ...(conversation && { thread: digestThread ?? { threadKey: conversation.id } })
        })
      )
    },
    answer: ({ body, status }) => {
      const { error, name, thread } = Option.getOrElse(decodeAnswer(body), (): typeof Said.Type => ({}))
      if (status === 200 && name !== undefined) return thread === undefined ? {} : { data: { thread: thread.name } }
      const { message = "not Google Chat's answer", status: code = "" } = error ?? {}
      const detail = `HTTP ${status}: ${cut(`${code} ${message}`.trim(), 200)}`
      // https://cloud.google.com/docs/authentication/api-keys-use: a key that does not exist is an invalid argument.
      if (status === 400 && /API key/i.test(message)) return new Unauthorized({ detail })
      return status >= 200 && status < 300 ? new Misconfigured({ detail }) : undefined
    }
  })
}

/** The space that a webhook's URL names; undefined where it is no webhook's. */
const spaceOf = (url: string): string | undefined => {
  if (!URL.canParse(url)) return undefined
  const { pathname, protocol, searchParams } = new URL(url)
  const isComplete = /^https?:$/.test(protocol) && [searchParams.get("key"), searchParams.get("token")].every(Boolean)
  return isComplete ? /\/v1\/(spaces\/[\w-]+)\/messages$/.exec(pathname)?.[1] : undefined
}

/** https://cloud.google.com/apis/design/errors#http_mapping for errors; else the message that was made. */
const Said = Schema.Struct({
  name: Schema.optionalKey(Schema.NonEmptyString),
  thread: Schema.optionalKey(Schema.Struct({ name: Schema.NonEmptyString })),
  error: Schema.optionalKey(
    Schema.Struct({ status: Schema.optionalKey(Schema.String), message: Schema.optionalKey(Schema.String) })
  )
})

const decodeAnswer = Schema.decodeUnknownOption(Schema.fromJsonString(Said))

/** The thread of a message, as its receipt keeps it. */
const threadOf = (data: Schema.Json | undefined): { readonly name: string } | undefined =>
  Option.getOrUndefined(Option.map(decodeKept(data), ({ thread }) => ({ name: thread })))

const decodeKept = Schema.decodeUnknownOption(Schema.Struct({ thread: Schema.NonEmptyString }))
