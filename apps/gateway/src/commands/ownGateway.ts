/**
 * Requests to the gateway that runs with the same settings.
 */
import { Option, Redacted } from "effect"
import { readFileSync } from "node:fs"
import { type ClientRequest, request as http } from "node:http"
import { request as https } from "node:https"
import type { Settings } from "../startup/settings/Settings.ts"

/** The host to call: 0.0.0.0 and :: are for listening only. */
const hostOf = ({ host }: Settings["Service"]) => (host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host)

/** Its address, as messages show it. */
export const addressOf = (settings: Settings["Service"]): string => `${hostOf(settings)}:${settings.port}`

/** Begins a request with the token of the settings. */
export const requestTo = (
  settings: Settings["Service"],
  { method, path }: { readonly method: "GET" | "POST"; readonly path: string }
): ClientRequest => {
  const { port, tlsCert, token } = settings
  const headers = Option.match(token, {
    onNone: () => ({}),
    onSome: (token) => ({ authorization: `Bearer ${Redacted.value(token)}` })
  })
  const options = { host: hostOf(settings), port, path, method, headers }
  return Option.match(tlsCert, {
    onNone: () => http(options),
    // It is called by its address, so it is identified by the certificate in the file instead of a host name.
    onSome: (cert) =>
      https({ ...options, ca: readFileSync(cert), allowPartialTrustChain: true, checkServerIdentity: () => undefined })
  }).end()
}
