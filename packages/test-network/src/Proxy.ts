/**
 * An HTTP proxy on loopback. It resolves every host to loopback.
 */
import { Effect, type Scope } from "effect"
import { createServer, request as forward } from "node:http"
import { connect, type Socket } from "node:net"
import * as TcpServer from "./TcpServer.ts"

/** A proxy. */
export interface Proxy {
  readonly port: number
  /** The requests so far: `CONNECT hooks.example:443`, `POST http://…`. */
  readonly asked: ReadonlyArray<string>
  /** The `user:password` that callers must send; undefined accepts everybody. */
  credentials: string | undefined
  /** A status that it answers instead of forwarding. */
  refuses: number | undefined
}

/** Serves until the scope closes. */
export const serve: Effect.Effect<Proxy, never, Scope.Scope> = Effect.gen(function* () {
  const asked: Array<string> = []
  const refusal = (authorization: string | undefined): number | undefined => {
    const { credentials, refuses } = proxy
    if (credentials === undefined) return refuses
    return authorization === `Basic ${Buffer.from(credentials).toString("base64")}` ? refuses : 407
  }
  const server = createServer((request, response) => {
    const { headers, method = "", url = "" } = request
    asked.push(`${method} ${url}`)
    const status = refusal(headers["proxy-authorization"])
    if (status !== undefined) return response.writeHead(status).end("The proxy says no")
    const { host, pathname, port } = new URL(url)
    const onward = forward({ host: "127.0.0.1", port, path: pathname, method, headers: { ...headers, host } })
    onward.on("response", (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers)))
    return request.pipe(onward)
  })
  server.on("connect", ({ headers, url = "" }, client: Socket) => {
    asked.push(`CONNECT ${url}`)
    const status = refusal(headers["proxy-authorization"])
    if (status !== undefined) return client.end(`HTTP/1.1 ${status} No\r\n\r\n`)
    const service = connect(Number(url.split(":")[1]), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connected\r\n\r\n")
      service.pipe(client).pipe(service)
    })
    sockets.add(service.on("error", () => client.destroy()))
    return service
  })
  const { port, sockets } = yield* TcpServer.serve(server)
  const proxy: Proxy = { port, asked, credentials: undefined, refuses: undefined }
  return proxy
})
