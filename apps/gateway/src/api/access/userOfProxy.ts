import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { cut } from "@tocsin/core"
import { holds, parseAddress } from "@tocsin/egress"
import { Option } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { IpNetwork } from "effect/net"
import { isUtf8 } from "node:buffer"

/**
 * The user that a proxy signed in and states in a header. Only the connection's own address counts, not the one in
 * X-Forwarded-For: whoever reaches the gateway past the proxy could state any user. If the header is there twice, it
 * names nobody: the proxy let one of its caller through.
 */
export const userOfProxy = (
  request: HttpServerRequest.HttpServerRequest,
  header: string,
  networks: ReadonlyArray<IpNetwork.IpNetwork>
): Option.Option<string> => {
  const { rawHeaders, socket } = NodeHttpServerRequest.toIncomingMessage(request)
  const wanted = header.toLowerCase()
  if (rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === wanted).length > 1) {
    return Option.none()
  }
  const name = textOf(request.headers[wanted] ?? "").trim()
  const peer = socket.remoteAddress ?? ""
  return name !== "" && Option.exists(parseAddress(peer), (address) => holds({ names: new Set(), networks }, address))
    ? Option.some(cut(name, 128))
    : Option.none()
}

/** The text of a header, which Node reads byte by byte, and proxies write in UTF-8. */
const textOf = (header: string): string => {
  const bytes = Buffer.from(header, "latin1")
  return isUtf8(bytes) ? bytes.toString() : header
}
