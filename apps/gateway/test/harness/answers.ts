/**
 * The API's answers, as the tests read them.
 */
import { Accepted, AlertDetails, Delivery, InvalidPart, UnreadableBody } from "@tocsin/client"
import { assert } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { type Answer, SharedHarness, type Harness } from "./gateway.ts"

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

/** Asks, and checks the answer's status. */
export const ask = Effect.fnUntraced(function* (wanted: number, ...request: Parameters<Harness["request"]>) {
  const answer = yield* (yield* SharedHarness).request(...request)
  assert.strictEqual(answer.status, wanted, answer.text)
  if (wanted >= 400) assert.include(answer.headers["content-type"], "application/problem+json")
  return answer
})

/** What was wrong with a request. */
export const errorsOf = (answer: Answer) => answer.as(Problem).errors ?? []
