import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import { execFile, spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer as createHttpServer } from "node:http"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { TcpServer } from "@tocsin/test-network"
import { builtIn } from "../src/startup/Plugins.ts"
import { checkPage, Chromium, visit } from "./console/harness/browser.ts"

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

/** What the plugin that speaks HTTP posts to, and what the other one writes its lines to. */
const services = Effect.gen(function* () {
  const posts = yield* Queue.unbounded<{ readonly text: string; readonly authorization: string | undefined }>()
  const lines = yield* Queue.unbounded<string>()
  const http = createHttpServer((request, response) => {
    let text = ""
    request.on("data", (part) => (text += String(part)))
    request.on("end", () => {
      Queue.offerUnsafe(posts, { text, authorization: request.headers.authorization })
      response.writeHead(204).end()
    })
  })
  const tcp = createServer((connection) => {
    createInterface(connection).on("line", (line) => {
      Queue.offerUnsafe(lines, line)
      connection.end("ok\n")
    })
  })
  const { port: httpPort } = yield* TcpServer.serve(http)
  const { port } = yield* TcpServer.serve(tcp)
  return { posts, lines, url: `http://127.0.0.1:${httpPort}/room`, port }
})

/** Runs the scaffolder in a terminal of its own, as a person would, who answers its questions with these keys. */
const asked = (cwd: string, command: string, answers: ReadonlyArray<{ readonly to: string; readonly keys: string }>) =>
  Effect.callback<void, Error>((resume) => {
    const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
      cwd,
      env: { ...process.env, TERM: "xterm" }
    })
    const left = [...answers]
    let shown = ""
    child.stdout.on("data", (part) => {
      shown += String(part)
      if (left[0] === undefined || !shown.includes(left[0].to)) return
      child.stdin.write(left[0].keys)
      left.shift()
      shown = ""
    })
    child.on("exit", (code) => {
      resume(code === 0 ? Effect.void : Effect.fail(new Error(`${command}: ${code}\n${shown}`)))
    })
    return Effect.sync(() => child.kill())
  })

/** Starts a gateway in a folder by this command; ends with the scope. */
const gateway = (
  cwd: string,
  [command, ...args]: readonly [string, ...Array<string>],
  settings: { readonly [name: string]: string }
) =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        // A group of its own: npx would leave the gateway behind.
        spawn(command, args, {
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

describe("From outside, with npm alone", () => {
  it.live("a plugin and a source are scaffolded, tested, packed, installed beside a gateway, and deliver", () =>
    Effect.gen(function* () {
      const { all, tarball } = yield* packed
      const author = empty("author")
      const create = `npx -y --package=${tarball("create-tocsin-plugin")} create-tocsin-plugin`
      yield* run(author, "sh", "-c", `${create} smoke-http --kind http`)
      yield* run(author, "sh", "-c", `${create} smoke-source --kind source`)
      yield* asked(author, create, [
        { to: "The type of the channel", keys: "smoke-other\r" },
        { to: "What is it?", keys: "\u001b[B\r" }
      ])
      for (const kind of ["http", "other", "source"]) {
        const folder = join(author, `tocsin-plugin-smoke-${kind}`)
        // What is not on npm yet.
        const file = join(folder, "package.json")
        const manifest = JSON.parse(readFileSync(file, "utf8"))
        manifest.devDependencies["@tocsin/core"] = `file:${tarball("tocsin-core")}`
        if (kind === "source") manifest.devDependencies["@tocsin/sources"] = `file:${tarball("tocsin-sources")}`
        writeFileSync(file, JSON.stringify(manifest))
        yield* run(folder, "npm", "install", "--no-audit", "--no-fund")
        assert.match(yield* run(folder, "npm", "test"), /Tests +.*\d+ passed/)
        yield* run(folder, "npm", "run", "check")
        yield* run(folder, "npm", "pack", "--pack-destination", author)
      }

      const operator = empty("operator")
      writeFileSync(join(operator, "package.json"), JSON.stringify({ private: true, type: "module" }))
      const plugins = readdirSync(author).flatMap((file) => (file.endsWith(".tgz") ? [join(author, file)] : []))
      assert.lengthOf(plugins, 3)
      yield* run(operator, "npm", "install", "--no-audit", "--no-fund", ...all, ...plugins)
      const { lines, port, posts, url } = yield* services
      const gatewayUrl = yield* gateway(operator, ["npx", "--no-install", "@tocsin/gateway"], {
        TOCSIN_PLUGINS: "tocsin-plugin-smoke-http,tocsin-plugin-smoke-other,tocsin-plugin-smoke-source",
        TOCSIN_DATABASE_URL: `sqlite:${join(operator, "tocsin.db")}`,
        TOCSIN_EGRESS_ALLOW: "127.0.0.1"
      })
      for (const integration of [
        { id: "h", name: "H", type: "smoke-http", settings: { url, token: "s3cr3t" } },
        { id: "o", name: "O", type: "smoke-other", settings: { host: "127.0.0.1", port, tls: false, token: "s3cr3t" } }
      ]) {
        const made = yield* post(`${gatewayUrl}/v1/integrations`, integration)
        assert.strictEqual(made.status, 201, made.text)
        assert.notInclude(made.text, "s3cr3t")
      }
      const rule = yield* post(`${gatewayUrl}/v1/rules`, { name: "All", match: {}, integrations: ["h", "o"] })
      assert.strictEqual(rule.status, 201, rule.text)
      const startedAt = "2026-01-01T00:00:00Z"
      const alert = { source: "curl", id: "1", state: "raised", startedAt, rule: { name: "Disk full" } }
      assert.strictEqual((yield* post(`${gatewayUrl}/v1/alerts`, alert)).status, 202)
      const posted = yield* Queue.take(posts)
      assert.match(posted.text, /^\{"text":"Raised: Disk full\\n/)
      assert.strictEqual(posted.authorization, "Bearer s3cr3t")
      assert.match(yield* Queue.take(lines), /^s3cr3t Raised: Disk full \| /)

      // The scaffolded source reads what its vendor posts, and its alert arrives.
      const down = readFileSync(join(author, "tocsin-plugin-smoke-source/test/bodies/down.json"), "utf8")
      const received = yield* post(`${gatewayUrl}/v1/sources/smoke-source`, JSON.parse(down))
      assert.deepStrictEqual(received, { status: 200, text: `{"accepted":1,"unreadable":0}` })
      assert.match((yield* Queue.take(posts)).text, /Disk full/)
      assert.match(yield* Queue.take(lines), /Disk full/)

      // The console came by npm, too, and draws the form and the messages of a plugin that it does not know.
      const visitor = yield* visit({ gateway: () => ({ url: gatewayUrl }) })
      const { page } = visitor
      yield* Effect.promise(async () => {
        await visitor.open("/integrations?new=yes")
        await page.getByRole("button", { name: /Type$/ }).click()
        await page.getByRole("option", { name: "Smoke Http" }).click()
        await page.getByRole("region", { name: "Preview" }).getByText("HTTP errors").first().waitFor()
        await page.getByRole("textbox", { name: "Name", exact: true }).fill("From the console")
        await page.getByRole("textbox", { name: "URL", exact: true }).fill(url)
        await page.getByRole("textbox", { name: "Token", exact: true }).fill("s3cr3t")
        await page.getByRole("button", { name: "Send a test" }).click()
        await page.getByText("Cleared: Delivered").waitFor()
        await checkPage(visitor, "the form of a plugin from outside")
        await page.getByRole("dialog").getByRole("button", { name: "Add new integration" }).click()
        await page.getByRole("heading", { name: "From the console" }).waitFor()
      })
      assert.strictEqual((yield* Queue.take(posts)).authorization, "Bearer s3cr3t")

      // The same in code: it type checks against what is published, and serves the plugins that it names.
      const guide = readFileSync(join(root, "docs/guide/channels.md"), "utf8")
      const [, example = "none"] = /```ts\n(.*?Gateway\.layer.*?)```/s.exec(guide) ?? []
      const code = example
        .replaceAll("@acme/tocsin-plugin-pager", "tocsin-plugin-smoke-http")
        .replaceAll("Pager", "SmokeHttp")
      writeFileSync(join(operator, "main.ts"), code)
      const tsc = join(author, "tocsin-plugin-smoke-http/node_modules/.bin/tsc")
      yield* run(operator, tsc, "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "main.ts")
      const coded = yield* gateway(operator, [process.execPath, "main.ts"], {
        TOCSIN_DATABASE_URL: `sqlite:${join(operator, "coded.db")}`
      })
      const { items } = JSON.parse(yield* Effect.promise(async () => (await fetch(`${coded}/v1/plugins`)).text()))
      assert.deepStrictEqual(
        items.map(({ type }: { type: string }) => type),
        [...builtIn.map(({ type }) => type), "smoke-http"]
      )
    }).pipe(Effect.provide(Chromium.layer))
  )
})
