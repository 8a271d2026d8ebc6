import { ProblemDetails } from "effect/http"
import { type Server, STATUS_CODES } from "node:http"
import type { Socket } from "node:net"
import type { Connections } from "./connectionLimit.ts"

/** The longest request line with its headers, in bytes. */
export const maxHeaderBytes = 16_384

/**
 * How long a caller has to read a refusal, in milliseconds; closing at once would reset the connection, and lose it.
 */
const lingerMillis = 500

/** Answers with a problem document if Node cannot parse a request, and closes the connection. */
export const answerClientErrors = (server: Server, connections: Connections): void => {
  const refused = new WeakSet<Socket>()
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // A broken request fails again with each packet.
    if (refused.has(socket)) return
    refused.add(socket)
    const refusal = refusalOf(error.code ?? "")
    if (refusal === undefined) return socket.destroy()
    const refuse = () => {
      const before = [...connections.due(socket)].filter(({ req }) => req.complete).at(-1)
      // Earlier requests on the connection are answered first.
      if (before !== undefined) return before.once("close", refuse)
      const [own] = connections.due(socket)
      if (!socket.writable || own?.headersSent === true) return socket.destroy()
      return end(socket, refusal)
    }
    refuse()
  })
  server.on("connect", (_, socket: Socket) => end(socket, [405, "The gateway is not a proxy"]))
  server.on("checkExpectation", (_, response) => {
    const [head, body] = documentOf([417, "Expect may only be 100-continue"])
    response.writeHead(417, head).end(body)
  })
}

type Refusal = readonly [status: number, detail: string]

const refusalOf = (code: string): Refusal | undefined => {
  if (code === "HPE_HEADER_OVERFLOW")
    return [431, `The request line and its headers are longer than ${maxHeaderBytes} bytes`]
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return [408, "The request did not arrive in time"]
  if (code === "HPE_CHUNK_EXTENSIONS_OVERFLOW") return [413, "The chunks' extensions are too long"]
  return code.startsWith("HPE_") ? [400, "This is not a valid HTTP request"] : undefined
}

const documentOf = ([status, detail]: Refusal) => {
  const body = JSON.stringify({ type: ProblemDetails.blankType, status, title: STATUS_CODES[status], detail })
  return [{ "content-type": ProblemDetails.contentType, "content-length": Buffer.byteLength(body) }, body] as const
}

/** Writes the answer by hand, because Node makes no response object for an invalid request. */
const end = (socket: Socket, refusal: Refusal) => {
  const [status] = refusal
  const [headers, body] = documentOf(refusal)
  const head = Object.entries({ ...headers, connection: "close" }).map(([name, value]) => `${name}: ${value}`)
  socket.on("error", () => {})
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...head, "", body].join("\r\n"))
  const timer = setTimeout(() => socket.destroy(), lingerMillis)
  socket.once("close", () => clearTimeout(timer))
}
