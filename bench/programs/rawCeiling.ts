/**
 * The raw ceiling: receives alerts with node:http, parses them, posts each with undici, and stores nothing.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Agent } from "undici"

const [, , target = ""] = process.argv
const { origin, pathname: path } = new URL(target)
const agent = new Agent({ connections: 64 })
const fail = (error: Error) => {
  throw error
}

const server = createServer((request, response) => {
  let text = ""
  request.on("data", (chunk: Buffer) => (text += chunk.toString()))
  request.on("end", () => {
    const alert = JSON.parse(text)
    response.writeHead(202, { "content-type": "application/json" }).end('{"items":[]}')
    const body = JSON.stringify({ text: `${alert.rule.name}: ${alert.test.name}`, blocks: [alert] })
    agent.dispatch(
      { origin, path, method: "POST", headers: { "content-type": "application/json" }, body },
      {
        onRequestStart: () => {},
        onResponseStart: () => {},
        onResponseData: () => {},
        onResponseEnd: () => {},
        onResponseError: (_, error) => fail(error)
      }
    )
  })
})
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
process.on("disconnect", () => process.exit())
