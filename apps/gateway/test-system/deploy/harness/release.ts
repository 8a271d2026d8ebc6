/**
 * What `pnpm release:local` writes, and a gateway that runs in it as an unprivileged user on a read-only root.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { asRoot, run, root, start, type Running } from "./programs.ts"

/** A release, and the version in it. */
export class Release extends Context.Service<Release, { readonly folder: string; readonly version: string }>()(
  "@tocsin/gateway/test-system/Release"
) {
  static readonly layer = Layer.effect(
    Release,
    Effect.gen(function* () {
      const folder = join(yield* temporary("release"), "tocsin")
      yield* run(["npx", "-y", "pnpm@12", "release:local", folder])
      const { version } = JSON.parse(readFileSync(join(root, "apps/gateway/package.json"), "utf8"))
      return { folder, version: String(version) }
    })
  )
}

/** A folder that others can enter, until the scope closes. */
export const temporary = (name: string): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = mkdtempSync(join(tmpdir(), `tocsin-${name}-`))
      await Effect.runPromise(Effect.orDie(run(["chmod", "0755", folder])))
      return folder
    }),
    // Some of it belongs to other users.
    (folder) =>
      asRoot.length === 0
        ? Effect.promise(() => rm(folder, { recursive: true, force: true }))
        : Effect.orDie(run([...asRoot, "rm", "-rf", folder]))
  )

/** This Node, where every user can run it. */
export const nodeIn = (folder: string): string => {
  mkdirSync(join(folder, "bin"), { recursive: true })
  copyFileSync(process.execPath, join(folder, "bin/node"))
  return join(folder, "bin")
}

/** What runs as nobody, and where. */
export interface Sandbox {
  /** The root of its file system: "/", or the one of an image. */
  readonly root: string
  /** The only folder that it can write; must be below the root. */
  readonly data: string
  /** Folders of the machine that it sees below its root. */
  readonly mounts?: ReadonlyArray<{ readonly from: string; readonly to: string }>
  readonly cwd: string
  readonly env: { readonly [name: string]: string }
}

/**
 * Starts a command as the user 65534 without any privilege, on a root that is read-only but for one folder. The process
 * has the id that is returned.
 */
export const startAsNobody = (
  command: ReadonlyArray<string>,
  { cwd, data, env, mounts = [], root }: Sandbox
): Effect.Effect<Running, never, Scope.Scope> => {
  const steps = [
    // A mount that is bound to itself can be made read-only alone.
    ...(root === "/" ? [] : [`mount --bind ${root} ${root}`]),
    `mount --bind ${join(root, data)} ${join(root, data)}`,
    ...mounts.map(({ from, to }) => `mount --bind -o ro ${from} ${join(root, to)}`),
    ...(root === "/" ? [] : [`mount -t proc proc ${root}/proc`, `mount --rbind /dev ${root}/dev`]),
    `mount -o remount,bind,ro ${root}`
  ]
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const isolate = [...asRoot, "unshare", "--mount", "sh", "-c", `set -e; ${steps.join("; ")}; exec "$@"`, "sh"]
  const asNobody = ["setpriv", "--no-new-privs", "chroot", "--userspec=65534:65534", "--groups=", root]
  return start([...isolate, ...asNobody, "/usr/bin/env", "-i", `--chdir=${cwd}`, ...variables, ...command])
}

/** What the system knows about a process: its user, its capabilities, whether its root is read-only. */
export const privileges = (pid: number) => {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1]
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n")
  const ofRoot = mounts.findLast((line) => line.split(" ")[4] === "/")?.split(" ")
  return {
    user: field("Uid"),
    capabilities: field("CapEff"),
    isRootReadOnly: ofRoot?.[5]?.split(",").includes("ro"),
    canGainPrivileges: field("NoNewPrivs") !== "1"
  }
}
