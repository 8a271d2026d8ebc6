/**
 * A chat service that accepts Slack's posts and counts the alerts in them.
 *
 * The first part of a path says how it answers: `ok`; `hung` never does; `failing` answers 500; `limited` answers 429 above
 * one post a second, with a burst of two. The rest is the name of the lane. Its parent sends it messages.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Told, Wanted } from "../standIn.ts"

interface Lane {
  posts: number
  refused: number
  shared: number
  /** How many posts it still accepts at once, and since when. */
  allowed: number
  since: number
  readonly at: Map<number, number>
}

const lanes = new Map<string, Lane>()
let wanted: Wanted | undefined

const now = () => Number(process.hrtime.bigint()) / 1e6

const laneOf = (path: string): Lane => {
  const known = lanes.get(path)
  if (known !== undefined) return known
  const lane = { posts: 0, refused: 0, shared: 0, allowed: 2, since: now(), at: new Map<number, number>() }
  lanes.set(path, lane)
  return lane
}

const server = createServer((request, response) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const path = (request.url ?? "/").slice(1)
    const lane = laneOf(path)
    const at = now()
    if (path.startsWith("hung/")) return
    if (path.startsWith("failing/")) return response.writeHead(500).end()
    lane.posts++
    if (path.startsWith("limited/")) {
      lane.allowed = Math.min(2, lane.allowed + (at - lane.since) / 1000)
      lane.since = at
      if (lane.allowed < 1) {
        lane.refused++
        return response.writeHead(429, { "retry-after": "1" }).end("rate_limited")
      }
      lane.allowed--
    }
    const ids = new Set(
      Array.from(
        Buffer.concat(chunks)
          .toString()
          .matchAll(/bench-(\d+)/g),
        ([, id]) => Number(id)
      )
    )
    if (ids.size !== 1) lane.shared++
    for (const id of ids) if (!lane.at.has(id)) lane.at.set(id, at)
    response.writeHead(200, { "content-type": "text/plain", "content-length": 2 }).end("ok")
    answer()
  })
})

/** Reports what was posted, once it is what the parent waits for. */
const answer = () => {
  if (wanted === undefined) return
  const lane = wanted.lane
  const of = Array.from(lanes, ([path, posted]) => (path.startsWith(lane) ? [posted] : [])).flat()
  const alerts = of.reduce((sum, { at }) => sum + at.size, 0)
  if (alerts < wanted.alerts) return
  wanted = undefined
  const posted: Told = {
    posts: of.reduce((sum, { posts }) => sum + posts, 0),
    refused: of.reduce((sum, { refused }) => sum + refused, 0),
    shared: of.reduce((sum, { shared }) => sum + shared, 0),
    at: of.flatMap(({ at }) => Array.from(at))
  }
  process.send?.(posted)
}

process.on("message", (message: Wanted | "forget") => {
  if (message === "forget") {
    lanes.clear()
    wanted = undefined
    return process.send?.("forgotten")
  }
  wanted = message
  answer()
})
process.on("disconnect", () => process.exit())

server.keepAliveTimeout = 60_000
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo
  console.log(`http://127.0.0.1:${port}`)
})
