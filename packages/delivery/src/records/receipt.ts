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

/** Reads a stored receipt. Versions before `rateLimits` stored the same hints as `budgets`. */
export const decodeReceipt = (stored: string): ChannelPlugin.Receipt => {
  const { budgets, ...receipt } = decode(stored)
  return budgets === undefined ? receipt : { rateLimits: budgets, ...receipt }
}
