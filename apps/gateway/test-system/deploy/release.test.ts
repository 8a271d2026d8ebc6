import { assert, describe, layer } from "@effect/vitest"
import { Clock, Effect, Schema } from "effect"
import { copyFileSync, cpSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { pager, unpack } from "../../test/harness/pluginPackages.ts"
import { deliver, request } from "./harness/delivery.ts"
import { baseImage, healthOf, makeImages, startImage } from "./harness/image.ts"
import { asRoot, deployFolder, run } from "./harness/programs.ts"
import { nodeIn, privileges, Release, startAsNobody, temporary } from "./harness/release.ts"

const token = "a-token-of-24-characters"

/** A copy of the release with npm's packages installed, on a machine without a network and with nothing in npm's cache. */
const installed = Effect.gen(function* () {
  const { folder: release } = yield* Release
  const machine = yield* temporary("machine")
  const folder = join(machine, "opt/tocsin")
  cpSync(release, folder, { recursive: true })
  const node = nodeIn(machine)
  const env = { PATH: `${node}:${process.env["PATH"]}`, npm_config_cache: join(machine, "cache") }
  const install = ["npm", "ci", "--offline", "--no-audit", "--no-fund"]
  const installing = yield* run([...asRoot, "env", ...variables(env), "unshare", "--net", ...install], { cwd: folder })
  return { machine, folder, node, env, installing }
})

const variables = (env: { readonly [name: string]: string }) =>
  Object.entries(env).map(([name, value]) => `${name}=${value}`)

const name = "localhost/tocsin"

/** Everything listens on loopback; an operator's container is behind the engine's own network. */
const settings = { TOCSIN_HOST: "127.0.0.1", TOCSIN_TOKEN: token, TOCSIN_EGRESS_ALLOW: "127.0.0.1" }

const mebibytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`

const Sbom = Schema.Struct({
  bomFormat: Schema.Literal("CycloneDX"),
  components: Schema.Array(Schema.Struct({ purl: Schema.String }))
})

layer(Release.layer, { excludeTestServices: true })("A release", (it) => {
  it.effect("lists every package that is installed in its SBOM", () =>
    Effect.gen(function* () {
      const { folder, version } = yield* Release
      const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), "utf8"))
      const { components } = Schema.decodeUnknownSync(Sbom)(read("sbom.cdx.json"))
      const { packages } = Schema.decodeUnknownSync(
        Schema.Struct({ packages: Schema.Record(Schema.String, Schema.Unknown) })
      )(read("package-lock.json"))
      assert.lengthOf(components, Object.keys(packages).length - 1)
      assert.include(
        components.map(({ purl }) => purl),
        `pkg:npm/%40tocsin/gateway@${version}`
      )
    })
  )

  describe("Installed by npm without a network", () => {
    it.effect("runs as an unprivileged user on a read-only root, and delivers an alert", () =>
      Effect.gen(function* () {
        const { version } = yield* Release
        const { folder, installing, machine, node } = yield* installed
        assert.match(installing, /^added \d+ packages/m)
        const data = join(machine, "data")
        mkdirSync(data)
        yield* run([...asRoot, "chown", "65534:65534", data])
        const running = yield* startAsNobody(["node_modules/.bin/tocsin", "serve"], {
          root: "/",
          data,
          cwd: folder,
          env: {
            PATH: `${node}:/usr/bin:/bin`,
            TOCSIN_PORT: "0",
            TOCSIN_TOKEN: token,
            TOCSIN_DATABASE_URL: `sqlite:${data}/tocsin.db`,
            TOCSIN_EGRESS_ALLOW: "127.0.0.1"
          }
        })
        const url = yield* running.printed(/listens on (http:\S+),/)
        assert.deepStrictEqual(privileges(running.pid), {
          user: "65534",
          capabilities: "0000000000000000",
          isRootReadOnly: true,
          canGainPrivileges: false
        })
        assert.include(yield* deliver(url, token, "Delivered from a read-only root"), "Delivered from a read-only root")
        const cli = yield* run([join(folder, "node_modules/.bin/tocsin"), "--version"], {
          env: { PATH: `${node}:/bin` }
        })
        assert.strictEqual(cli.trim(), `tocsin v${version}`)
        assert.strictEqual(yield* running.printed(/Tocsin (\S+) listens/), version)
        assert.strictEqual(JSON.parse(yield* request(`${url}/healthz`, token)).version, version)
        assert.strictEqual(yield* running.stop, 0)
      }).pipe(Effect.scoped)
    )
  })

  describe("As a container image that buildah builds", () => {
    it.effect("runs as 65534 on a read-only root, delivers an alert, and takes plugins", () =>
      Effect.gen(function* () {
        const { folder, version } = yield* Release
        const images = yield* makeImages
        yield* images.build(folder, name, baseImage)
        const image = yield* images.unpack(name)
        assert.strictEqual(image.config.User, "65534:65534")

        // A plugin in a mounted folder.
        const plugins = yield* temporary("plugins")
        unpack(join(plugins, "node_modules"), { "tocsin-plugin-pager": { main: pager } })
        const mounts = [{ from: plugins, to: "/plugins" }]
        const begun = yield* Clock.currentTimeMillis
        const running = yield* startImage(
          image,
          { ...settings, TOCSIN_PORT: "0", TOCSIN_PLUGINS: "tocsin-plugin-pager" },
          mounts
        )
        const url = yield* running.printed(/listens on (http:\S+),/)
        const took = (yield* Clock.currentTimeMillis) - begun
        console.log(
          `The image has ${mebibytes(image.size)}, ${mebibytes(image.size - images.baseSize)} more than its base; it started in ${took} ms.`
        )
        assert.deepStrictEqual(privileges(running.pid), {
          user: "65534",
          capabilities: "0000000000000000",
          isRootReadOnly: true,
          canGainPrivileges: false
        })
        assert.strictEqual(yield* running.printed(/Tocsin (\S+) listens/), version)
        assert.include(yield* request(`${url}/v1/plugins`, token), `"type":"pager"`)
        const health = yield* healthOf(image, { ...settings, TOCSIN_PORT: new URL(url).port })
        assert.include(health, "accepts alerts.")
        assert.include(yield* deliver(url, token, "Delivered by a container"), "Delivered by a container")
        assert.strictEqual(yield* running.stop, 0)

        // The same plugin in a derived image.
        const context = yield* temporary("derived")
        mkdirSync(join(context, "plugins"))
        cpSync(join(plugins, "node_modules/tocsin-plugin-pager"), join(context, "pager"), { recursive: true })
        yield* run(["npm", "pack", "--silent", "--pack-destination", join(context, "plugins"), join(context, "pager")])
        copyFileSync(join(deployFolder, "container/plugins.Containerfile"), join(context, "Containerfile"))
        yield* images.build(context, "localhost/tocsin-with-plugins", name)
        const derived = yield* images.unpack("localhost/tocsin-with-plugins")
        const other = yield* startImage(derived, {
          ...settings,
          TOCSIN_PORT: "0",
          TOCSIN_PLUGINS: "tocsin-plugin-pager"
        })
        const otherUrl = yield* other.printed(/listens on (http:\S+),/)
        assert.include(yield* request(`${otherUrl}/v1/plugins`, token), `"type":"pager"`)
        assert.strictEqual(privileges(other.pid).user, "65534")
      }).pipe(Effect.scoped)
    )
  })
})
