/**
 * Classifies the answers of the Web API, which refuses with status 200 and a code.
 *
 * @see https://docs.slack.dev/apis/web-api/#evaluating-responses
 */
import {
  type ChannelPlugin,
  cut,
  DestinationGone,
  HttpChannel,
  Misconfigured,
  RateLimited,
  type Reason
} from "@tocsin/core"
import { Option, Schema } from "effect"
import { reasonOf } from "./codes.ts"

/** A message is delivered if the answer has its channel and its `ts`. */
export const botAnswer = (
  answer: HttpChannel.Answer,
  { now, purpose }: { readonly now: number; readonly purpose: "deliver" | "verify" }
): ChannelPlugin.Receipt | Reason | undefined => {
  const { body, headers, status } = answer
  const said = Option.getOrUndefined(decodeAnswer(body))
  if (status === 429) return undefined
  if (said?.ok === false && said.error !== undefined) return refusal(said, { headers, now, purpose, status })
  if (status < 200 || status >= 300) return undefined
  if (status === 200 && said?.ok === true) {
    if (purpose === "verify") return verified(said, headers["x-oauth-scopes"])
    const { channel, ts } = said
    if (typeof channel === "string" && ts !== undefined) return { data: { channel, ts } }
  }
  const text = body.trim() === "" ? "an empty body" : cut(body.trim().replace(/\s+/g, " "), 200)
  return new Misconfigured({ detail: `HTTP ${status}, but not Slack's answer: ${text}` })
}

/** The outcome of an update: `gone` if a person deleted the message, `locked` if it exists but cannot be changed. */
export type UpdateOutcome = "updated" | "gone" | "locked"

/**
 * Whether Slack knows the message's id, but has no message with it: an earlier attempt was refused, or a person deleted
 * the message.
 */
export const isKnownButGone = ({ body }: HttpChannel.Answer): boolean =>
  Option.exists(decodeAnswer(body), ({ error = "" }) => /^duplicate_(?:channel|message)_not_found$/.test(error))

/** Classifies the answer to an update; undefined if the reason of its failure ends the attempt. */
export const updateOutcome = (answer: HttpChannel.Answer): UpdateOutcome | undefined => {
  const { body, status, unreadable } = answer
  if (unreadable !== undefined && status >= 200 && status < 300) return "updated"
  const said = Option.getOrUndefined(decodeAnswer(body))
  if (status === 200 && said?.ok === true) return "updated"
  if (said?.error === "message_not_found") return "gone"
  return said?.error !== undefined && locked.has(said.error) ? "locked" : undefined
}

const locked = new Set(["block_mismatch", "cant_update_message", "edit_window_closed", "is_inactive", "update_failed"])

interface Context {
  readonly headers: HttpChannel.Answer["headers"]
  readonly now: number
  readonly purpose: "deliver" | "verify"
  readonly status: number
}

const refusal = (
  said: Said,
  { headers, now, purpose, status }: Context
): ChannelPlugin.Receipt | Reason | undefined => {
  const { error = "", needed, response_metadata: { messages: [message] = [] } = {} } = said
  // The token is valid. Without the scope the channel cannot be checked.
  if (purpose === "verify" && error === "missing_scope") return {}
  const more = needed === undefined ? message : `the app needs the scope ${needed}`
  const detail = `HTTP ${status}: ${cut(more === undefined ? error : `${error}: ${more}`, 200)}`
  if (error === "ratelimited" || error === "rate_limited") {
    const retryAfter = HttpChannel.retryAfter(headers, now)
    return new RateLimited({ detail, ...(retryAfter && { retryAfter }) })
  }
  const Known = reasonOf(error)
  if (Known !== undefined) return new Known({ detail })
  return status >= 200 && status < 300 ? new Misconfigured({ detail }) : undefined
}

/** Checks the channel in the answer of `conversations.info`; `auth.test` has none. */
const verified = ({ channel }: Said, scopes: string | undefined): ChannelPlugin.Receipt | Reason => {
  if (typeof channel !== "object") return {}
  if (channel.is_archived === true) return new DestinationGone({ detail: "is_archived" })
  const isPublic = scopes === undefined || scopes.split(/,\s*/).includes("chat:write.public")
  return channel.is_member === false && !isPublic
    ? new Misconfigured({ detail: "not_in_channel: invite the bot to the channel" })
    : {}
}

const Answer = Schema.Struct({
  ok: Schema.optionalKey(Schema.Boolean),
  error: Schema.optionalKey(Schema.String),
  needed: Schema.optionalKey(Schema.String),
  response_metadata: Schema.optionalKey(Schema.Struct({ messages: Schema.optionalKey(Schema.Array(Schema.String)) })),
  ts: Schema.optionalKey(Schema.String),
  channel: Schema.optionalKey(
    Schema.Union([
      Schema.String,
      Schema.Struct({
        is_archived: Schema.optionalKey(Schema.Boolean),
        is_member: Schema.optionalKey(Schema.Boolean)
      })
    ])
  )
})
type Said = typeof Answer.Type

const decodeAnswer = Schema.decodeUnknownOption(Schema.fromJsonString(Answer))
