/**
 * Posts alerts, and reads the results.
 */
import { Alert } from "@tocsin/core"
import { Effect } from "effect"
import { Accepted, ask, errorsOf } from "./answers.ts"

/** A valid body, with changes. */
export const alert = (name: string, changes: { readonly [name: string]: unknown } = {}) => ({
  source: name,
  id: "1",
  state: "raised",
  startedAt: "2026-01-01T00:00:00Z",
  rule: { name: "Disk full" },
  ...changes
})

/** Posts alerts that must be accepted, and returns the result for each. */
export const post = Effect.fnUntraced(function* (body: unknown) {
  return (yield* ask(202, "POST", "/v1/alerts", body)).as(Accepted).items
})

/** Posts an alert, and returns it as it is stored. */
export const posted = Effect.fnUntraced(function* (body: unknown) {
  const [accepted] = yield* post(body)
  return (yield* ask(200, "GET", `/v1/alerts/${accepted?.id}`)).as(Alert)
})

/** Posts a body that must be refused, and returns the errors. */
export const refused = Effect.fnUntraced(function* (body: unknown, path = "/v1/alerts") {
  return errorsOf(yield* ask(400, "POST", path, body))
})
