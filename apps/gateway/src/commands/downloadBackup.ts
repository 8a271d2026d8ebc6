/**
 * Asks the gateway that runs on a database for a backup.
 */
import { Effect, Option, Redacted } from "effect"
import { readFileSync, createWriteStream } from "node:fs"
import { open } from "node:fs/promises"
import { type IncomingMessage, request as http } from "node:http"
import { request as https } from "node:https"
import { once } from "node:events"
import { pipeline } from "node:stream/promises"
import { Settings, StartRefused } from "../startup/Settings.ts"

/** Writes what `POST /v1/backup` answers to a file that is there and empty. Finds the gateway by its own settings. */
export const download = ({ host, port, tlsCert, token }: Settings["Service"], file: string) => {
  // 0.0.0.0 and :: are for listening; nobody can call them.
  const called = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host
  const options = {
    host: called,
    port,
    path: "/v1/backup",
    method: "POST",
    headers: Option.match(token, {
      onNone: () => ({}),
      onSome: (token) => ({ authorization: `Bearer ${Redacted.value(token)}` })
    })
  }
  const ask = () =>
    Option.match(tlsCert, {
      onNone: () => http(options),
      // It is called by its address, and is itself if it has the certificate in the file.
      onSome: (cert) =>
        https({
          ...options,
          ca: readFileSync(cert),
          allowPartialTrustChain: true,
          checkServerIdentity: () => undefined
        })
    }).end()
  const where = `${called}:${port}`
  return Effect.gen(function* () {
    const response = yield* Effect.tryPromise({
      try: async (): Promise<IncomingMessage> => (await once(ask(), "response"))[0],
      catch: () => refused(`no gateway answers at ${where}. Set TOCSIN_HOST and TOCSIN_PORT as the gateway has them`)
    })
    const { statusCode } = response
    if (statusCode !== 200) {
      response.resume()
      return yield* refused(
        statusCode === 401
          ? `the gateway at ${where} wants another token. Set TOCSIN_TOKEN as the gateway has it`
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
