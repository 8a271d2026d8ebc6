import { assert, it } from "@effect/vitest"
import { execFileSync, spawn } from "node:child_process"
import { mkdtempSync, readFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

/** Starts a program in the place of the gateway and resolves when it says where it listens. */
const start = async (command: string, args: ReadonlyArray<string>, database: string, more: NodeJS.ProcessEnv = {}) => {
  const child = spawn(command, args, {
    env: { ...process.env, TOCSIN_PORT: "0", TOCSIN_DATABASE_URL: `sqlite:${database}`, ...more },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true
  })
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    let printed = ""
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.toString()
      const [, found] = /listens on (http:\S+),/.exec(printed) ?? []
      if (found !== undefined) resolve(found)
    })
    child.on("exit", () => reject(new Error(printed)))
  })
  const kill = async (signal: NodeJS.Signals) => {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
    await ended
  }
  return { url, kill }
}

const post = (url: string, id: number) =>
  fetch(`${url}/v1/alerts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      source: "system-test",
      id: `alert-${id}`,
      state: "raised",
      startedAt: "2026-01-01T00:00:00Z",
      rule: { name: "Latency" }
    })
  })

it("writes every alert to the disk before it answers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-sync-"))
  const log = join(folder, "strace.log")
  const trace = ["-f", "-s", "32", "-e", "trace=fsync,fdatasync,write,writev", "-o", log]
  const gateway = await start(
    "strace",
    [...trace, process.execPath, "--conditions=@tocsin/source", main],
    join(folder, "a.db")
  )
  const alerts = 20
  try {
    // Nothing is written for this one: all that was synced before is left behind its answer.
    assert.strictEqual((await fetch(`${gateway.url}/v1/plugins`)).status, 200)
    for (let id = 0; id < alerts; id++) assert.strictEqual((await post(gateway.url, id)).status, 202)
  } finally {
    await gateway.kill("SIGTERM")
  }
  const calls = readFileSync(log, "utf8").split("\n")
  const from = calls.findIndex((call) => call.includes("HTTP/1.1 200"))
  let synced = false
  let answers = 0
  for (const call of calls.slice(from + 1)) {
    if (/(fsync|fdatasync)(\(| resumed).*= 0/.test(call)) synced = true
    if (!call.includes("HTTP/1.1 202")) continue
    assert.isTrue(synced, `answer ${answers + 1} went out before anything was synced`)
    synced = false
    answers++
  }
  assert.strictEqual(answers, alerts)
})

it("closes no file twice when it sends a backup", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-close-"))
  const log = join(folder, "strace.log")
  const gateway = await start(
    "strace",
    ["-f", "-e", "trace=close", "-o", log, process.execPath, "--conditions=@tocsin/source", main],
    join(folder, "a.db")
  )
  try {
    const backup = await fetch(`${gateway.url}/v1/backup`, { method: "POST" })
    assert.isAbove((await backup.bytes()).length, 4096)
  } finally {
    await gateway.kill("SIGTERM")
  }
  const calls = readFileSync(log, "utf8").split("\n")
  assert.isNotEmpty(calls.filter((call) => call.includes("= 0")))
  assert.deepStrictEqual(
    calls.filter((call) => call.includes("EBADF")),
    []
  )
})

it("answers 503 when a sync of the log fails, and loses nothing and sends nothing twice", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-eio-"))
  const log = join(folder, "strace.log")
  const posts: Array<string> = []
  const room = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk: Buffer) => (body += chunk.toString()))
    request.on("end", () => {
      posts.push(/Latency \d/.exec(body)?.[0] ?? body)
      response.end("ok")
    })
  })
  await new Promise<void>((resolve) => room.listen(0, "127.0.0.1", resolve))
  const address = room.address()
  const port = typeof address === "object" ? address?.port : undefined
  // strace counts the calls of each thread.
  const inject = ["-f", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=12+5", "-o", log]
  const gateway = await start(
    "strace",
    [...inject, process.execPath, "--conditions=@tocsin/source", main],
    join(folder, "a.db"),
    { UV_THREADPOOL_SIZE: "1", TOCSIN_EGRESS_ALLOW: "127.0.0.1" }
  )
  /** Sends a request until it is accepted, as a source does. */
  const insist = async (method: string, path: string, body: unknown) => {
    const refused: Array<number> = []
    for (;;) {
      const { ok, status } = await fetch(`${gateway.url}${path}`, {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body)
      })
      if (ok) return refused
      refused.push(status)
    }
  }
  const names = Array.from({ length: 5 }, (_, id) => `Latency ${id}`)
  try {
    const url = `http://127.0.0.1:${port}/services/T0/B0/ops`
    await insist("PUT", "/v1/integrations/ops", { type: "slack", name: "Ops", settings: { url, channel: "#ops" } })
    await insist("PUT", "/v1/rules/all", { name: "All", match: {}, integrations: ["ops"] })
    const refused = []
    for (const name of names) {
      const alert = { source: "test", id: name, state: "raised", startedAt: "2026-01-01T00:00:00Z", rule: { name } }
      refused.push(...(await insist("POST", "/v1/alerts", alert)))
    }
    for (;;) {
      const { items } = JSON.parse(await (await fetch(`${gateway.url}/v1/deliveries`)).text())
      if (items.filter(({ status }: { status: string }) => status === "delivered").length === names.length) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.deepStrictEqual([...new Set(refused)], refused.length > 0 ? [503] : [])
  } finally {
    await gateway.kill("SIGTERM")
    room.close()
  }
  assert.include(readFileSync(log, "utf8"), "INJECTED")
  assert.deepStrictEqual(posts.toSorted(), names)
})

it("leaves a sound database when it is killed in the middle of a flood", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-kill-"))
  const database = join(folder, "a.db")
  let answered = 0
  for (let round = 0; round < 5; round++) {
    const gateway = await start(process.execPath, ["--conditions=@tocsin/source", main], database)
    const flood = Array.from({ length: 200 }, (_, n) =>
      post(gateway.url, round * 200 + n).then(
        ({ status }) => {
          if (status === 202) answered++
        },
        () => undefined
      )
    )
    await Promise.race(flood.slice(round * 20))
    await gateway.kill("SIGKILL")
    await Promise.all(flood)
  }
  const ask = (query: string) => execFileSync("sqlite3", [database, query]).toString().trim()
  assert.strictEqual(ask("PRAGMA integrity_check"), "ok")
  assert.strictEqual(ask("PRAGMA foreign_key_check"), "")
  assert.isAbove(answered, 0)
  assert.isAtLeast(Number(ask("SELECT count(*) FROM alerts")), answered)
})
