/**
 * A receipt, as the column `conversations.receipt` stores it.
 */
import { ChannelPlugin } from "@tocsin/core"
import { Schema } from "effect"

const { fields } = ChannelPlugin.Receipt

/** The stored form of a receipt. */
export const encodeReceipt = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(ChannelPlugin.Receipt)))

const decode = Schema.decodeSync(
  Schema.fromJsonString(Schema.toCodecJson(Schema.Struct({ ...fields, budgets: fields.rateLimits })))
)

/** The delivered messages of a conversation. Versions before `rateLimits` stored the same hints as `budgets`. */
export const decodeMessages = (stored: string | undefined): ReadonlyArray<ChannelPlugin.DeliveredMessage> => {
  if (stored === undefined) return []
  const { budgets, ...receipt } = decode(stored)
  return [{ kind: "Raised", receipt: budgets === undefined ? receipt : { rateLimits: budgets, ...receipt } }]
}
