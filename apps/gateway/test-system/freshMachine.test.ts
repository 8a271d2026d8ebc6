import { assert, it } from "@effect/vitest"
import { execFileSync, spawn } from "node:child_process"
import { chmodSync, mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../../", import.meta.url))

it("starts from a clean clone, as a user without rights, with nothing but the system's Node", async () => {
  const home = mkdtempSync(join(tmpdir(), "tocsin-fresh-"))
  chmodSync(home, 0o755)
  execFileSync("git", ["-c", "safe.directory=*", "clone", "--quiet", root, join(home, "tocsin")])
  const asRoot = process.getuid?.() === 0
  if (asRoot) execFileSync("chown", ["-R", "nobody", home])
  const path = (process.env["PATH"] ?? "").split(":").filter((folder) => !folder.includes("node_modules"))
  const args = [`HOME=${home}`, "npx", "-y", "pnpm@12", "start"]
  const child = spawn(asRoot ? "runuser" : "env", asRoot ? ["-u", "nobody", "--", "env", ...args] : args, {
    cwd: join(home, "tocsin"),
    env: { PATH: path.join(":"), TOCSIN_PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true
  })
  let printed = ""
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      printed += chunk.toString()
      const [, found] = /listens on (http:\S+),/.exec(printed) ?? []
      if (found !== undefined) resolve(found)
    }
    child.stdout.on("data", read)
    child.stderr.on("data", read)
    child.on("exit", () => reject(new Error(printed)))
  })
  const health = await fetch(`${url}/healthz`)
  if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM")
  await ended
  assert.strictEqual(health.status, 200)
  assert.include(printed, "What to do next")
})
