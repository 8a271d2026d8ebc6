import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile, spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const empty = (name: string) => mkdtempSync(join(tmpdir(), `tocsin-${name}-`))

/** Runs a command to its end; its output is in the error if it fails. */
const run = (cwd: string, command: string, ...args: ReadonlyArray<string>) =>
  Effect.callback<string, Error>((resume) => {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(TOCSIN_|NODE_OPTIONS$)/.test(name))
    )
    execFile(command, args, { cwd, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      resume(
        error === null
          ? Effect.succeed(stdout)
          : Effect.fail(new Error(`${command} ${args.join(" ")}\n${stdout}\n${stderr}`))
      )
    )
  })

/** Everything that is published, as it would be. */
const packed = Effect.gen(function* () {
  const folder = empty("packed")
  yield* run(root, "npx", "-y", "pnpm@12", "build")
  const all = ["-r", "--filter", "./packages/*", "--filter", "./apps/*", "pack", "--pack-destination", folder]
  yield* run(root, "npx", "-y", "pnpm@12", ...all)
  const tarball = (name: string) =>
    join(folder, readdirSync(folder).find((file) => new RegExp(`^${name}-\\d`).test(file)) ?? "none")
  return { tarball, all: readdirSync(folder).map((file) => join(folder, file)) }
})

/** What a plugin posts to. */
const service = Effect.gen(function* () {
  const posts: Array<{ readonly text: string; readonly authorization: string | undefined }> = []
  const server = createServer((request, response) => {
    let text = ""
    request.on("data", (part) => (text += String(part)))
    request.on("end", () => {
      posts.push({ text, authorization: request.headers.authorization })
      response.writeHead(204).end()
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.sync(() => server.close())
  )
  return { posts, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/room` }
})

/** `npx @tocsin/gateway` in a folder; ends with the scope. */
const gateway = (cwd: string, settings: { readonly [name: string]: string }) =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        // A group of its own: npx would leave the gateway behind.
        spawn("npx", ["--no-install", "@tocsin/gateway"], {
          cwd,
          detached: true,
          env: { ...process.env, NODE_OPTIONS: "", TOCSIN_PORT: "0", ...settings },
          stdio: ["ignore", "pipe", "inherit"]
        })
      ),
      ({ exitCode, pid }) => Effect.sync(() => exitCode === null && pid !== undefined && process.kill(-pid))
    )
    return yield* Effect.callback<string, Error>((resume) => {
      let printed = ""
      child.stdout.on("data", (part) => {
        printed += String(part)
        const [, url] = /listens on (http:\S+),/.exec(printed) ?? []
        if (url !== undefined) resume(Effect.succeed(url))
      })
      child.on("exit", () => resume(Effect.fail(new Error(`The gateway ended: ${printed}`))))
    })
  })

const post = (url: string, body: unknown) =>
  Effect.promise(async () => {
    const headers = { "content-type": "application/json" }
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })
    return { status: answer.status, text: await answer.text() }
  })

describe("From outside, with npm alone", { timeout: 600_000 }, () => {
  it.live("a plugin is scaffolded, tested, packed, installed beside a gateway, and delivers", () =>
    Effect.gen(function* () {
      const { all, tarball } = yield* packed
      const author = empty("author")
      const create = [`--package=${tarball("create-tocsin-plugin")}`, "create-tocsin-plugin"]
      for (const kind of ["http", "other"]) {
        yield* run(author, "npx", "-y", ...create, `smoke-${kind}`, "--kind", kind)
        const folder = join(author, `tocsin-plugin-smoke-${kind}`)
        // What is not on npm yet.
        const file = join(folder, "package.json")
        const manifest = JSON.parse(readFileSync(file, "utf8"))
        manifest.devDependencies["@tocsin/core"] = `file:${tarball("tocsin-core")}`
        writeFileSync(file, JSON.stringify(manifest))
        yield* run(folder, "npm", "install", "--no-audit", "--no-fund")
        assert.match(yield* run(folder, "npm", "test"), /Tests +.*\d+ passed/)
        yield* run(folder, "npm", "run", "check")
        yield* run(folder, "npm", "pack", "--pack-destination", author)
      }

      const operator = empty("operator")
      writeFileSync(join(operator, "package.json"), JSON.stringify({ private: true }))
      const plugins = readdirSync(author).flatMap((file) => (file.endsWith(".tgz") ? [join(author, file)] : []))
      assert.lengthOf(plugins, 2)
      yield* run(operator, "npm", "install", "--no-audit", "--no-fund", ...all, ...plugins)
      const { posts, url } = yield* service
      const gatewayUrl = yield* gateway(operator, {
        TOCSIN_PLUGINS: "tocsin-plugin-smoke-http,tocsin-plugin-smoke-other",
        TOCSIN_DATABASE_URL: `sqlite:${join(operator, "tocsin.db")}`,
        TOCSIN_EGRESS_ALLOW: "127.0.0.1"
      })
      const settings = { url, token: "s3cr3t" }
      const made = yield* post(`${gatewayUrl}/v1/integrations`, { id: "s", name: "S", type: "smoke-http", settings })
      assert.strictEqual(made.status, 201, made.text)
      assert.notInclude(made.text, "s3cr3t")
      const rule = yield* post(`${gatewayUrl}/v1/rules`, { name: "All", match: {}, integrations: ["s"] })
      assert.strictEqual(rule.status, 201, rule.text)
      const startedAt = "2026-01-01T00:00:00Z"
      const alert = { source: "curl", id: "1", state: "raised", startedAt, rule: { name: "Disk full" } }
      assert.strictEqual((yield* post(`${gatewayUrl}/v1/alerts`, alert)).status, 202)
      yield* Effect.repeat(Effect.sleep("50 millis"), { while: () => posts.length === 0 })
      const [first] = posts
      assert.match(first?.text ?? "", /^Raised: Disk full\n/)
      assert.strictEqual(first?.authorization, "Bearer s3cr3t")
    })
  )
})
