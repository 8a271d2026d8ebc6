/**
 * The delivered messages of a conversation with their receipts, as the column `conversations.receipt` stores them.
 */
import { ChannelPlugin, Kind } from "@tocsin/core"
import { Schema } from "effect"

/** The most messages that a conversation keeps: its first, and the latest of the others. */
const maxMessages = 20

/** A receipt as it is stored. Versions before `rateLimits` stored the same hints as `budgets`. */
const Stored = Schema.Struct({ ...ChannelPlugin.Receipt.fields, budgets: ChannelPlugin.Receipt.fields.rateLimits })

const Messages = Schema.Array(Schema.Struct({ kind: Kind, receipt: Stored }))

const encode = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(Messages)))

/** Versions before this one stored the receipt of the first message alone. */
const decode = Schema.decodeSync(Schema.fromJsonString(Schema.toCodecJson(Schema.Union([Messages, Stored]))))

/** Adds a delivered message. If there are more than 20, drops the second oldest. */
export const withMessage = (
  messages: ReadonlyArray<ChannelPlugin.DeliveredMessage>,
  delivered: ChannelPlugin.DeliveredMessage
): ReadonlyArray<ChannelPlugin.DeliveredMessage> => {
  const [first, ...others] = [...messages, delivered]
  return first === undefined ? [] : [first, ...others.slice(1 - maxMessages)]
}

/** Encodes the messages for the store. */
export const encodeMessages = (messages: ReadonlyArray<ChannelPlugin.DeliveredMessage>): string => encode(messages)

/** Decodes the messages of a conversation, oldest first. */
export const decodeMessages = (stored: string | undefined): ReadonlyArray<ChannelPlugin.DeliveredMessage> => {
  if (stored === undefined) return []
  const decoded = decode(stored)
  const messages = isList(decoded) ? decoded : [{ kind: "Raised" as const, receipt: decoded }]
  return messages.map(({ kind, receipt: { budgets, ...receipt } }) => ({
    kind,
    receipt: budgets === undefined ? receipt : { rateLimits: budgets, ...receipt }
  }))
}

const isList = <A, B>(value: ReadonlyArray<A> | B): value is ReadonlyArray<A> => Array.isArray(value)
