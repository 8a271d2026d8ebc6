import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { builtIn } from "@tocsin/sources"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { create } from "../src/create.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
const empty = () => mkdtempSync(join(tmpdir(), "tocsin-create-"))

const run = (...args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, ["--conditions=@tocsin/source", main, ...args], { cwd: empty(), encoding: "utf8" })

describe("create-tocsin-plugin", () => {
  it.effect.each(["http", "other", "source"] as const)(
    "writes a package of the kind %s, with its names in it",
    (kind) =>
      Effect.gen(function* () {
        const folder = empty()
        yield* create({ name: "smoke-signal", kind, folder })
        const files = readdirSync(folder, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
        for (const file of files) {
          assert.notMatch(file + readFileSync(file, "utf8"), /my-channel|MyChannel|My Channel|0\.0\.0-core/)
        }
        assert.deepStrictEqual(
          files.map((file) => file.slice(folder.length + 1)).sort(),
          [
            ".changeset/config.json",
            ".changeset/first.md",
            ".github/workflows/ci.yml",
            ".gitignore",
            "README.md",
            "package.json",
            "src/SmokeSignal.ts",
            ...(kind === "http" ? ["test/FakeSmokeSignal.ts"] : []),
            ...(kind === "source" ? ["test/bodies/down.json", "test/bodies/up.json"] : []),
            "test/SmokeSignal.test.ts",
            "tsconfig.build.json",
            "tsconfig.json"
          ].sort()
        )
        const source = readFileSync(join(folder, "src/SmokeSignal.ts"), "utf8")
        assert.include(
          source,
          kind === "source"
            ? `export const SmokeSignal = defineSource({\n  type: "smoke-signal",`
            : `class SmokeSignal extends ChannelPlugin.Service<SmokeSignal>()("smoke-signal", {`
        )
        assert.include(source, `title: "Smoke Signal"`)
      }).pipe(Effect.provide(NodeServices.layer))
  )

  it("names the package in its scope", () => {
    const cwd = empty()
    const { status } = spawnSync(
      process.execPath,
      ["--conditions=@tocsin/source", main, "@acme/smoke-signal", "--kind", "http"],
      { cwd }
    )
    assert.strictEqual(status, 0)
    const folder = join(cwd, "tocsin-plugin-smoke-signal")
    const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
    assert.strictEqual(name, "@acme/tocsin-plugin-smoke-signal")
    assert.include(readFileSync(join(folder, "src/SmokeSignal.ts"), "utf8"), `<SmokeSignal>()("smoke-signal", {`)
    const readme = readFileSync(join(folder, "README.md"), "utf8")
    assert.include(readme, "./acme-tocsin-plugin-smoke-signal-0.1.0.tgz")
    assert.include(readme, "TOCSIN_PLUGINS=@acme/tocsin-plugin-smoke-signal")
  })

  it("refuses a folder with files, and a path that is not a folder", () => {
    const folder = join(empty(), "a")
    mkdirSync(folder)
    const file = join(folder, "mine.txt")
    writeFileSync(file, "mine")
    const { status, stderr } = run("pager", "--kind", "http", "--folder", folder)
    assert.deepStrictEqual([status, readdirSync(folder)], [1, ["mine.txt"]])
    assert.strictEqual(stderr.trim(), `${folder} is not empty: name another folder with --folder.`)
    const inFile = run("pager", "--kind", "http", "--folder", file)
    assert.deepStrictEqual([inFile.status, readFileSync(file, "utf8")], [1, "mine"])
    assert.match(inFile.stderr, /^The files cannot be written: .+\n$/)
  })

  it("writes beside a .git", () => {
    const folder = empty()
    mkdirSync(join(folder, ".git"))
    assert.strictEqual(run("pager", "--kind", "http", "--folder", folder).status, 0)
    assert.include(readdirSync(folder), "package.json")
  })

  it("explains what a valid name is", () => {
    const { status, stderr } = run("Pager!", "--kind", "http")
    assert.strictEqual(status, 1)
    assert.include(stderr, "Expected lowercase words with hyphens between, such as my-channel")
  })

  it.each([
    { args: [], missing: "argument: name" },
    { args: ["pager"], missing: "flag: --kind" },
    { args: ["--kind", "http"], missing: "argument: name" }
  ])("says without a terminal what is to be given besides $args", ({ args, missing }) => {
    const { status, stderr, stdout } = run(...args)
    assert.strictEqual(status, 1)
    assert.include(stderr, `Missing required ${missing}`)
    assert.include(stdout, "create-tocsin-plugin my-channel --kind http")
  })

  it("prints the next steps", () => {
    const { status, stdout } = run("pager", "--kind", "other")
    assert.strictEqual(status, 0)
    assert.include(stdout, "cd tocsin-plugin-pager")
    assert.include(stdout, "npm install -D ~/tocsin/tocsin-core-*.tgz")
  })

  it("names both packages that a source needs among the next steps", () => {
    const { status, stdout } = run("pulse", "--kind", "source")
    assert.strictEqual(status, 0)
    assert.include(stdout, "npm install -D ~/tocsin/tocsin-core-*.tgz ~/tocsin/tocsin-sources-*.tgz")
  })

  it.effect.each(builtIn)("refuses the source $type, which every gateway has", ({ type }) =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(create({ name: type, kind: "source", folder: join(empty(), "new") }))
      assert.strictEqual(message, `Every gateway has a source of the type ${type}: take another name.`)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.each(["shared", "source"])("names the versions that this repository is tested with in %s", (part) => {
    const catalog = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8")
    const template = JSON.parse(
      readFileSync(join(root, `packages/create-tocsin-plugin/template/${part}/_package.json`), "utf8")
    )
    const known = Object.keys(template.devDependencies).flatMap((name) => {
      const [, version] = new RegExp(`^ +"?${name}"?: "?([^"\n]+)"?$`, "m").exec(catalog) ?? []
      return version === undefined ? [] : [[name, version]]
    })
    assert.isAbove(known.length, 4)
    assert.deepInclude(template.devDependencies, Object.fromEntries(known))
  })
})
