/**
 * Downloads a backup from the gateway that runs on the database.
 */
import { Effect } from "effect"
import { createWriteStream } from "node:fs"
import { open } from "node:fs/promises"
import type { IncomingMessage } from "node:http"
import { once } from "node:events"
import { pipeline } from "node:stream/promises"
import { type Settings, StartRefused } from "../startup/settings/Settings.ts"
import { addressOf, requestTo } from "./ownGateway.ts"

/** Writes the answer of `POST /v1/backup` to an existing, empty file. Finds the gateway by its settings. */
export const download = (settings: Settings["Service"], file: string) => {
  const where = addressOf(settings)
  return Effect.gen(function* () {
    const response = yield* Effect.tryPromise({
      try: async (): Promise<IncomingMessage> =>
        (await once(requestTo(settings, { method: "POST", path: "/v1/backup" }), "response"))[0],
      catch: () => refused(`no gateway answers at ${where}. Set TOCSIN_HOST and TOCSIN_PORT as the gateway has them`)
    })
    const { statusCode } = response
    if (statusCode !== 200) {
      response.resume()
      return yield* refused(
        statusCode === 401
          ? `the gateway at ${where} wants another token. Set TOCSIN_TOKEN as the gateway has it`
          : statusCode === 409
            ? `another backup is being downloaded from the gateway at ${where}. Try again once it has ended`
            : `the gateway at ${where} answered ${statusCode}. Look into its log`
      )
    }
    yield* Effect.tryPromise({
      try: async () => {
        await pipeline(response, createWriteStream(file, { flags: "r+" }))
        const copy = await open(file, "r+")
        await copy.sync().finally(() => copy.close())
      },
      catch: (error) =>
        refused(
          `the answer of the gateway at ${where} broke off (${error instanceof Error && "code" in error ? String(error.code) : "for an unknown reason"})`
        )
    })
  })
}

const refused = (why: string) => new StartRefused({ message: `The database is in use, and ${why}.` })
