/**
 * Credentials in URLs: sources that can set no header have one in the path. It is taken out of the URL before anything
 * reads it, so that no log, span, problem or error can have it.
 */
import { Redacted } from "effect"
import type { IncomingMessage, Server } from "node:http"

/** The URL of such a source, up to its credential, in every spelling that the router accepts. */
const path = /^((?:https?:\/\/[^/?#]*)?\/+v1\/+sources\/+[^/?#]+\/+in\/+)([^/?#;]+)/i

const tokens = new WeakMap<object, Redacted.Redacted>()

/** Takes the credentials out of the URLs of requests. Must be called before other listeners are added. */
export const hideUrlTokens = (server: Server): void => {
  const hide = (request: IncomingMessage) => {
    const [, start, token] = path.exec(request.url ?? "") ?? []
    if (start === undefined || token === undefined) return
    tokens.set(request, Redacted.make(token))
    request.url = `${start}redacted`
  }
  server.prependListener("request", hide)
  // For a request with `Expect: 100-continue`, Node emits this event instead.
  server.prependListener("checkContinue", hide)
}

/** The credential that a request had in its URL; empty if it had none. */
export const urlTokenOf = (request: object): Redacted.Redacted => tokens.get(request) ?? Redacted.make("")
