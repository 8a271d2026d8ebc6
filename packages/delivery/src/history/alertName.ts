/**
 * The name of an alert in lists of other things.
 */
import { Alert } from "@tocsin/core"
import { Schema } from "effect"

/** Names a stored alert by its rule, and by its test if it has one: `Disk full: db-1`. */
export const alertName = (stored: string): string => {
  const { rule, test } = decodeAlert(stored)
  return test === undefined ? rule.name : `${rule.name}: ${test.name}`
}

const decodeAlert = Schema.decodeSync(Schema.fromJsonString(Schema.toCodecJson(Alert)))
