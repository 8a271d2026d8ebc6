/**
 * The requests of a bot.
 *
 * @see https://docs.slack.dev/reference/methods/chat.postMessage
 * @see https://docs.slack.dev/reference/methods/chat.update
 */
import { ChannelPlugin, type HttpChannel, HttpClientRequest, Message, type Notification } from "@tocsin/core"
import { Option, Redacted, Schema } from "effect"
import { isKnownButGone, type UpdateOutcome, updateOutcome } from "./botAnswer.ts"
import { plain, rich } from "./message.ts"
import type { BotSettings } from "./settings.ts"

type Step = HttpChannel.Step<unknown>

/**
 * Posts the notification. An escalation or a reminder replies to the first message of the conversation, and is shown in
 * the channel, too. A clear does what `onClear` says: the updates come first, because another attempt may repeat them.
 */
export const botRequest = (
  settings: BotSettings,
  notification: Notification,
  options: ChannelPlugin.DeliverOptions
): Step => {
  const { channel, mention, onClear = "both" } = settings
  const message = Message.fromNotification(notification)
  const payload = options.form === "rich" ? rich(message, mention) : plain(message, mention)
  const post = (thread: { readonly thread_ts?: string; readonly reply_broadcast?: boolean } = {}): Step => {
    const body = { channel, ...payload, ...thread }
    return {
      // Slack documents the errors `duplicate_…` for it, but does not promise to recognise a repeated message.
      request: call(settings, "chat.postMessage", { ...body, client_msg_id: options.deliveryId }),
      next: (answer) => (isKnownButGone(answer) ? call(settings, "chat.postMessage", body) : undefined)
    }
  }

  const before = ChannelPlugin.receiptsToUpdate(notification, options).flatMap(({ data }) => posted(data))
  const [first] = before
  if (first === undefined) {
    const root = repliesTo(notification, options)
    const isBroadcast = notification._tag !== "DigestList"
    return root === undefined ? post() : post({ thread_ts: root, ...(isBroadcast && { reply_broadcast: true }) })
  }
  if (onClear === "new") return post()
  if (onClear === "thread") return post({ thread_ts: first.ts })

  const update = (one: Posted, index: number, firstWas: UpdateOutcome): Step => ({
    request: call(settings, "chat.update", { ...one, ...payload, attachments: payload.attachments ?? [] }),
    next: (answer) => {
      const outcome = updateOutcome(answer)
      if (outcome === undefined) return undefined
      const firstIs = index === 0 ? outcome : firstWas
      const following = before[index + 1]
      if (following !== undefined) return update(following, index + 1, firstIs)
      if (firstIs === "gone") return post()
      return onClear === "update" && firstIs === "updated" ? { data: { ...first } } : post({ thread_ts: first.ts })
    }
  })
  return update(first, 0, "updated")
}

/** Checks the token, and the channel if it is named by its id. */
export const botVerify = (settings: BotSettings): HttpClientRequest.HttpClientRequest =>
  /^[CDG][A-Z0-9]+$/.test(settings.channel)
    ? HttpClientRequest.get(endpoint(settings, "conversations.info"), {
        urlParams: { channel: settings.channel },
        headers: authorization(settings)
      })
    : call(settings, "auth.test", {})

const call = (settings: BotSettings, method: string, body: object): HttpClientRequest.HttpClientRequest =>
  HttpClientRequest.post(endpoint(settings, method), { headers: authorization(settings) }).pipe(
    // https://docs.slack.dev/apis/web-api/: without the charset every answer has a warning.
    HttpClientRequest.bodyText(JSON.stringify(body), "application/json; charset=utf-8")
  )

const endpoint = ({ apiUrl }: BotSettings, method: string): string =>
  `${(apiUrl?.href ?? "https://slack.com/api").replace(/\/+$/, "")}/${method}`

const authorization = ({ token }: BotSettings) => ({ authorization: `Bearer ${Redacted.value(token)}` })

/** The thread of an escalation, a reminder, or the list of a digest's alerts. */
const repliesTo = ({ _tag }: Notification, { conversation }: ChannelPlugin.DeliverOptions): string | undefined =>
  _tag === "Escalated" || _tag === "Reminder" || _tag === "DigestList"
    ? conversation?.messages.flatMap(({ receipt }) => posted(receipt.data))[0]?.ts
    : undefined

/** Where a message was posted, as its receipt keeps it: `ts` is its id in the channel. */
const posted = (data: Schema.Json | undefined) => Option.toArray(decodePosted(data))

const Posted = Schema.Struct({ channel: Schema.String, ts: Schema.String })
type Posted = typeof Posted.Type

const decodePosted = Schema.decodeUnknownOption(Posted)
