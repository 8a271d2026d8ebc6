/**
 * Classifies the Bot API's answers.
 *
 * @see https://core.telegram.org/bots/api#making-requests
 */
import {
  type ChannelPlugin,
  cut,
  DestinationGone,
  HttpChannel,
  MessageGone,
  Misconfigured,
  RateLimited,
  type Reason,
  Unauthorized
} from "@tocsin/core"
import { Duration, Option, Schema } from "effect"

/**
 * A message is delivered if the answer has its id. The texts of errors are not documented, so they are matched loosely.
 */
export const answer = (
  { body, headers, status }: HttpChannel.Answer,
  { now, purpose }: { readonly now: number; readonly purpose: "deliver" | "verify" }
): ChannelPlugin.Receipt | Reason | undefined => {
  const said = Option.getOrElse(decodeAnswer(body), (): typeof Answer.Type => ({}))
  const { description = "", ok, parameters, result } = said
  if (status === 200) {
    if (ok === true && purpose === "verify") return {}
    return ok === true && result?.message_id !== undefined
      ? receipt(result.message_id, result.chat)
      : new Misconfigured({ detail: `HTTP 200, but not Telegram's answer: ${cut(description, 200)}` })
  }
  // An earlier attempt made the edit.
  if (status === 400 && /message is not modified/i.test(description)) return {}
  const detail = `HTTP ${status}: ${cut(description, 200)}`
  if (status === 429) {
    // https://core.telegram.org/bots/api#responseparameters: seconds.
    const seconds = parameters?.retry_after ?? 0
    const asked = HttpChannel.retryAfter(headers, now) ?? (seconds > 0 ? Duration.seconds(seconds) : undefined)
    return new RateLimited({ detail, ...(asked && { retryAfter: asked }) })
  }
  if (status > 200 && status < 300) return new Misconfigured({ detail: `HTTP ${status}, but not Telegram's answer` })
  if (ok !== false || status < 400 || status >= 500) return undefined
  if (parameters?.migrate_to_chat_id !== undefined) {
    return new Misconfigured({ detail: `${detail}. Enter ${parameters.migrate_to_chat_id} as the chat id` })
  }
  // No bot has that token.
  if (status === 401 || status === 404) return new Unauthorized({ detail })
  const found = reasons.find(([pattern]) => pattern.test(description))
  return found && new found[1]({ detail })
}

const reasons: ReadonlyArray<readonly [RegExp, new (of: { readonly detail: string }) => Reason]> = [
  [
    /message to edit not found|message can't be edited|message to (?:be replied|reply) not found|MESSAGE_ID_INVALID/i,
    MessageGone
  ],
  [
    /chat not found|thread not found|TOPIC_(?:CLOSED|DELETED)|deactivated|bot was (?:kicked|blocked)|not a member|group chat was deleted/i,
    DestinationGone
  ],
  [/not enough rights|have no rights|CHAT_WRITE_FORBIDDEN|need administrator|can't initiate|Forbidden/i, Misconfigured]
]

/** Only messages of public groups and of supergroups have a URL. */
const receipt = (messageId: number, chat: { readonly id: number; readonly username?: string } | undefined) => {
  const [, internal] = /^-100(\d+)$/.exec(String(chat?.id)) ?? []
  const path = chat?.username !== undefined && internal !== undefined ? chat.username : internal && `c/${internal}`
  return { data: { messageId }, ...(path && { link: new URL(`https://t.me/${path}/${messageId}`) }) }
}

const Answer = Schema.Struct({
  ok: Schema.optionalKey(Schema.Boolean),
  description: Schema.optionalKey(Schema.String),
  parameters: Schema.optionalKey(
    Schema.Struct({
      retry_after: Schema.optionalKey(Schema.Finite),
      migrate_to_chat_id: Schema.optionalKey(Schema.Number)
    })
  ),
  result: Schema.optionalKey(
    Schema.Struct({
      message_id: Schema.optionalKey(Schema.Int),
      chat: Schema.optionalKey(Schema.Struct({ id: Schema.Number, username: Schema.optionalKey(Schema.String) }))
    })
  )
})

const decodeAnswer = Schema.decodeUnknownOption(Schema.fromJsonString(Answer))
