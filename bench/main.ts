/**
 * How fast the gateway takes alerts in, as a ratio to what the same machine does
 * with nothing stored: a bare `node:http` server in the same run.
 *
 * Binds to loopback, takes some ten seconds (`--quick`: two), and stops by itself.
 */
import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { Agent, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const quick = process.argv.includes("--quick")
const alerts = quick ? 1000 : 10_000
const inFlight = 64

/** Starts a program and gives the URL that it prints, and how to stop it. */
const start = (args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  new Promise<{ readonly url: string; readonly stop: () => Promise<void> }>((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"]
    })
    let printed = ""
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.toString()
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(printed) ?? []
      if (url === undefined) return
      const stop = () =>
        new Promise<void>((stopped) => {
          child.once("exit", () => stopped())
          child.kill("SIGTERM")
        })
      resolve({ url, stop })
    })
    child.once("exit", () => reject(new Error(printed)))
  })

const agent = new Agent({ keepAlive: true, maxSockets: inFlight })

const post = (url: string, id: number) =>
  new Promise<number>((resolve, reject) => {
    const body = JSON.stringify({
      source: "bench",
      id: `alert-${id}`,
      state: "raised",
      startedAt: "2026-01-01T00:00:00Z",
      rule: { name: "Latency above 200 ms", expression: "p99 > 200 ms" },
      test: { name: "checkout" },
      observations: [{ name: "Frankfurt", atStart: "240 ms" }]
    })
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    const sent = request(`${url}/v1/alerts`, { agent, method: "POST", headers }, (response) => {
      response.resume()
      response.on("end", () => resolve(response.statusCode ?? 0))
    })
    sent.on("error", reject)
    sent.end(body)
  })

/** Posts the alerts, so many at a time, and gives how many a second were answered. */
const measure = async (url: string): Promise<number> => {
  let next = 0
  const worker = async () => {
    while (next < alerts) {
      const status = await post(url, next++)
      if (status !== 202) throw new Error(`answered ${status}`)
    }
  }
  const from = performance.now()
  await Promise.all(Array.from({ length: inFlight }, worker))
  return alerts / ((performance.now() - from) / 1000)
}

const bare = `
  const server = require("node:http").createServer((request, response) => {
    let body = ""
    request.on("data", (chunk) => (body += chunk))
    request.on("end", () => {
      JSON.parse(body)
      response.writeHead(202, { "content-type": "application/json" }).end('{"items":[]}')
    })
  })
  server.listen(0, "127.0.0.1", () => console.log("http://127.0.0.1:" + server.address().port))
`

const folder = await mkdtemp(join(tmpdir(), "tocsin-bench-"))
const raw = await start(["-e", bare])
const gateway = await start(
  ["--conditions=@tocsin/source", fileURLToPath(new URL("../apps/gateway/src/main.ts", import.meta.url))],
  { TOCSIN_PORT: "0", TOCSIN_DATABASE_URL: `sqlite:${join(folder, "bench.db")}` }
)
try {
  const ceiling = await measure(raw.url)
  const durable = await measure(gateway.url)
  console.log(`bare node:http, nothing stored   ${ceiling.toFixed(0)} alerts/s`)
  console.log(`the gateway, each on the disk    ${durable.toFixed(0)} alerts/s`)
  console.log(`ratio                            ${(durable / ceiling).toFixed(2)}`)
} finally {
  agent.destroy()
  await Promise.all([raw.stop(), gateway.stop()])
  await rm(folder, { recursive: true })
}
