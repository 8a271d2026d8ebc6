/**
 * The API's answers, as the tests read them.
 */
import { Accepted, AlertDetails, Delivery, InvalidPart, UnreadableBody } from "@tocsin/client"
import { Schema } from "effect"

export { Accepted, AlertDetails, Delivery, UnreadableBody }

/** Any list. */
export const listOf = <Item extends Schema.Codec<any, any>>(item: Item) =>
  Schema.Struct({ items: Schema.Array(item), total: Schema.Natural, next: Schema.optionalKey(Schema.String) })

/** Any error. */
export const Problem = Schema.Struct({
  type: Schema.String,
  status: Schema.Number,
  title: Schema.String,
  detail: Schema.optionalKey(Schema.String),
  errors: Schema.optionalKey(Schema.Array(InvalidPart))
})
