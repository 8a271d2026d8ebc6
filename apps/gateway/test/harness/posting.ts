/**
 * Alerts, and what becomes of them when they are posted.
 */
import { Alert } from "@tocsin/core"
import { Effect } from "effect"
import { Accepted, ask, errorsOf } from "./answers.ts"

/** A body that is right, but for what the test changes in it. */
export const alert = (name: string, changes: { readonly [name: string]: unknown } = {}) => ({
  source: name,
  id: "1",
  state: "raised",
  startedAt: "2026-01-01T00:00:00Z",
  rule: { name: "Disk full" },
  ...changes
})

/** Posts an alert and gives what is known of it then. */
export const posted = Effect.fnUntraced(function* (body: unknown) {
  const { as } = yield* ask(202, "POST", "/v1/alerts", body)
  return (yield* ask(200, "GET", `/v1/alerts/${as(Accepted).items[0]?.id}`)).as(Alert)
})

/** Posts what must be refused and gives the errors. */
export const refused = Effect.fnUntraced(function* (body: unknown, path = "/v1/alerts") {
  return errorsOf(yield* ask(400, "POST", path, body))
})
