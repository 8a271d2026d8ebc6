import { assert, describe, it } from "@effect/vitest"
import { execFileSync, spawn } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"

const root = fileURLToPath(new URL("../../../", import.meta.url))

const asRoot = process.getuid?.() === 0

const folders: Array<string> = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

/** A new folder with this mode. */
const folder = (mode: number) => {
  const path = mkdtempSync(join(tmpdir(), "tocsin-fresh-"))
  folders.push(path)
  chmodSync(path, mode)
  return path
}

/** The packages that the first clone downloads; the next one finds them here. */
const store = folder(0o777)

/** A clean clone in a new folder with this mode, for this user. */
const clone = (user: string | undefined, mode: number) => {
  const home = folder(mode)
  execFileSync("git", ["-c", "safe.directory=*", "clone", "--quiet", root, join(home, "tocsin")])
  if (user !== undefined) execFileSync("chown", ["-R", user, home])
  return home
}

/** Runs a command of the README in a clone, with nothing but the system's Node. */
const run = (home: string, user: string | undefined, command: ReadonlyArray<string>) => {
  const path = (process.env["PATH"] ?? "").split(":").filter((folder) => !folder.includes("node_modules"))
  const args = [`HOME=${home}`, "CI=true", `pnpm_config_store_dir=${store}`, "npx", "-y", "pnpm@12", ...command]
  return spawn(user === undefined ? "env" : "runuser", user === undefined ? args : ["-u", user, "--", "env", ...args], {
    cwd: join(home, "tocsin"),
    env: { PATH: path.join(":"), TOCSIN_PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true
  })
}

/** All that a child prints, and when it ends. */
const follow = (child: ReturnType<typeof run>) => {
  let printed = ""
  const read = (chunk: Buffer) => void (printed += chunk.toString())
  child.stdout.on("data", read)
  child.stderr.on("data", read)
  return {
    printed: () => printed,
    ended: new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)))
  }
}

const users: ReadonlyArray<{ readonly who: string; readonly user: string | undefined; readonly mode: number }> = [
  { who: "a user without rights", user: asRoot ? "nobody" : undefined, mode: 0o755 },
  // As below root's home, and in most containers.
  ...(asRoot ? [{ who: "root, in a folder that others cannot enter", user: undefined, mode: 0o700 }] : [])
]

describe.each(users)("A clean clone of $who", ({ mode, user }) => {
  const home = clone(user, mode)

  it("starts with nothing but the system's Node", async () => {
    const child = run(home, user, ["start"])
    const { ended, printed } = follow(child)
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.on("data", () => {
        const [, found] = /listens on (http:\S+),/.exec(printed()) ?? []
        if (found !== undefined) resolve(found)
      })
      child.on("exit", () => reject(new Error(printed())))
    })
    const health = await fetch(`${url}/healthz`)
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM")
    await ended
    assert.strictEqual(health.status, 200)
    assert.include(printed(), "What to do next")
  })

  it("runs tests on its own PostgreSQL", async () => {
    const child = run(home, user, ["test:postgres", "packages/delivery/test/stores/PostgresProblems.test.ts"])
    const { ended, printed } = follow(child)
    assert.strictEqual(await ended, 0, printed())
    assert.match(printed(), /^Tests: [1-9]\d* passed, 0 failed, 0 skipped$/m)
  })
})
