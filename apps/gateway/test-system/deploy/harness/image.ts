/**
 * Container images without a container engine: buildah builds them on a base from debootstrap, and their root file system
 * and configuration are used to start them.
 */
import { Effect, Schema, type Scope } from "effect"
import { cpSync, existsSync, mkdirSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { asRoot, run } from "./programs.ts"
import { nodeIn, startAsNobody, temporary } from "./release.ts"

const mirror = "http://deb.debian.org/debian"

/** Where npm is on this machine. */
const npm = ["/usr/lib/node_modules/npm", "/usr/local/lib/node_modules/npm", "/usr/share/nodejs/npm"].find(existsSync)

/** The configuration of an image, as far as a start needs it. */
const Configuration = Schema.Struct({
  User: Schema.String,
  Env: Schema.Array(Schema.String),
  Entrypoint: Schema.Array(Schema.String),
  Cmd: Schema.Array(Schema.String),
  WorkingDir: Schema.String,
  Healthcheck: Schema.Struct({ Test: Schema.Array(Schema.String) })
})

const decode = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Struct({ Docker: Schema.Struct({ config: Configuration }) }))
)

/** What buildah and its images need; nothing is left of them outside the scope. */
export interface Images {
  /** The files of the base image, in bytes. */
  readonly baseSize: number
  /** Builds an image from a folder with a Containerfile; `base` is the one of its argument BASE. */
  readonly build: (context: string, name: string, base: string) => Effect.Effect<string, Error>
  /** Unpacks an image. */
  readonly unpack: (name: string) => Effect.Effect<Unpacked, Error, Scope.Scope>
}

/** An image as files and configuration. */
export interface Unpacked {
  readonly root: string
  readonly config: typeof Configuration.Type
  /** The files of the image, in bytes. */
  readonly size: number
}

/** The image that stands for `node:24-bookworm-slim`: Debian with this Node, and npm. */
export const baseImage = "localhost/node:24"

/** Prepares buildah and the base image. */
export const makeImages = Effect.gen(function* () {
  const folder = yield* temporary("images")
  const storage = ["--root", `${folder}/root`, "--runroot", `${folder}/run`, "--storage-driver", "vfs"]
  const buildah = (...args: ReadonlyArray<string>) => run([...asRoot, "buildah", ...storage, ...args])
  const debian = join(folder, "debian")
  yield* run([...asRoot, "debootstrap", "--variant=minbase", "bookworm", debian, mirror])
  // Copied with every image.
  const unneeded = ["var/cache/apt", "var/lib/apt", "usr/share/doc", "usr/share/locale", "usr/share/man"]
  yield* run([...asRoot, "rm", "-rf", ...unneeded.map((path) => join(debian, path))])
  const local = join(folder, "local")
  nodeIn(local)
  mkdirSync(join(local, "lib/node_modules"), { recursive: true })
  cpSync(npm ?? "npm is not installed", join(local, "lib/node_modules/npm"), { recursive: true, dereference: true })
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(local, "bin/npm"))
  const container = (yield* buildah("from", "scratch")).trim()
  yield* buildah("add", container, debian, "/")
  yield* buildah("add", container, local, "/usr/local")
  yield* buildah("commit", "--quiet", "--rm", container, baseImage)
  const sizes = yield* run([...asRoot, "du", "-sb", debian, local])
  yield* run([...asRoot, "rm", "-rf", debian])

  const images: Images = {
    baseSize: sizes.split("\n").reduce((sum, line) => sum + Number.parseInt(line || "0", 10), 0),
    build: (context, name, base) =>
      buildah(
        "build",
        "--isolation=chroot",
        "--pull-never",
        "--layers=false",
        // The health check is not part of OCI's format.
        "--format=docker",
        `--build-arg=BASE=${base}`,
        `--tag=${name}`,
        `--file=${join(context, "Containerfile")}`,
        context
      ),
    unpack: Effect.fnUntraced(function* (name) {
      const config = decode(yield* buildah("inspect", "--type", "image", name)).Docker.config
      const container = (yield* buildah("from", "--pull-never", name)).trim()
      const root = (yield* buildah("mount", container)).trim()
      const [size = "0"] = (yield* run([...asRoot, "du", "-sb", root])).split("\t")
      return { root, config, size: Number(size) }
    })
  }
  return images
})

/** Starts what an image says, as the user that it names, on its root that is read-only but for `/data`. */
export const startImage = (
  { config, root }: Unpacked,
  env: { readonly [name: string]: string },
  mounts: ReadonlyArray<{ readonly from: string; readonly to: string }> = []
) =>
  startAsNobody([...config.Entrypoint, ...config.Cmd], {
    root,
    data: "/data",
    mounts,
    cwd: config.WorkingDir,
    env: { ...environmentOf(config), ...env }
  })

/** Runs the health check of an image in its root. */
export const healthOf = ({ config, root }: Unpacked, env: { readonly [name: string]: string }) => {
  const variables = Object.entries({ ...environmentOf(config), ...env }).map(([name, value]) => `${name}=${value}`)
  const [, ...command] = config.Healthcheck.Test
  return run([...asRoot, "chroot", `--userspec=${config.User}`, root, "/usr/bin/env", "-i", ...variables, ...command])
}

const environmentOf = ({ Env }: typeof Configuration.Type) =>
  Object.fromEntries(Env.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]))
