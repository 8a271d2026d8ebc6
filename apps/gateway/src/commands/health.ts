/**
 * `tocsin health`: checks whether the gateway with these settings accepts alerts.
 */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { once } from "node:events"
import type { IncomingMessage } from "node:http"
import { Settings, StartRefused } from "../startup/settings/Settings.ts"
import { addressOf, requestTo } from "./ownGateway.ts"

/** Asks `/healthz`, for the health check of a container. Ends with 0 if alerts are accepted, and with 1 otherwise. */
export const health = Command.make("health", {}, () => Effect.provide(check, Settings.layer)).pipe(
  Command.withDescription(
    "Asks the gateway that runs with the same settings whether it accepts alerts. Ends with 0 if it does."
  )
)

/** The longest that a health check waits for an answer. */
const answersWithin = "5 seconds"

const check = Effect.gen(function* () {
  const settings = yield* Settings
  const where = addressOf(settings)
  const { statusCode } = yield* Effect.tryPromise({
    try: async (): Promise<IncomingMessage> => {
      const [response] = await once(requestTo(settings, { method: "GET", path: "/healthz" }), "response")
      response.resume()
      return response
    },
    catch: () => new StartRefused({ message: `No gateway answers at ${where}.` })
  }).pipe(
    Effect.timeoutOrElse({
      duration: answersWithin,
      orElse: () => Effect.fail(new StartRefused({ message: `The gateway at ${where} does not answer.` }))
    })
  )
  if (statusCode !== 200) {
    return yield* new StartRefused({
      message: `The gateway at ${where} does not accept alerts: GET /healthz is ${statusCode}. Look into its log.`
    })
  }
  yield* Console.log(`The gateway at ${where} accepts alerts.`)
})
