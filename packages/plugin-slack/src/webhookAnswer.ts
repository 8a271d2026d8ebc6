/**
 * Classifies the answers of incoming webhooks.
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
 */
import { type ChannelPlugin, cut, type HttpChannel, Misconfigured, type Reason } from "@tocsin/core"
import { Option, Schema } from "effect"
import { reasonOf } from "./codes.ts"

/**
 * Success is 200 with the body `ok`. Otherwise Slack's code decides, whatever the status; undefined without a known
 * code.
 */
export const webhookAnswer = ({ body, status }: HttpChannel.Answer): ChannelPlugin.Receipt | Reason | undefined => {
  const text = body.trim()
  if (status === 200 && text === "ok") return {}
  if (status === 429) return undefined
  const code = Option.match(decodeRefusal(text), { onNone: () => text, onSome: ({ error }) => error })
  const Reason = reasonOf(code)
  if (Reason !== undefined) return new Reason({ detail: `HTTP ${status}: ${code}` })
  if (status < 200 || status >= 300) return undefined
  const said = text === "" ? "an empty body" : cut(text.replace(/\s+/g, " "), 200)
  return new Misconfigured({ detail: `HTTP ${status}, but not Slack's "ok": ${said}` })
}

/** Some hooks refuse in JSON, as the rest of Slack's API does. */
const decodeRefusal = Schema.decodeOption(
  Schema.fromJsonString(Schema.Struct({ ok: Schema.Literal(false), error: Schema.String }))
)
