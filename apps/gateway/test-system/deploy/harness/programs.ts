/**
 * Programs as an operator runs them: to their end, or until a test has ended.
 */
import { Deferred, Effect } from "effect"
import { execFile, spawn } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../../../../../", import.meta.url))

/** The folder of its files for deployments. */
export const deployFolder = join(root, "deploy")

/** A program that only root may run is run by sudo for others. */
export const asRoot: ReadonlyArray<string> = process.getuid?.() === 0 ? [] : ["sudo", "-n"]

/** What a command may differ in. */
export interface Options {
  readonly cwd?: string
  readonly env?: { readonly [name: string]: string }
}

const environment = (env: Options["env"] = {}) => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TOCSIN_|NODE_OPTIONS$|npm_)/.test(name))),
  ...env
})

/** Runs a command to its end and gives what it prints; its output is in the error if it fails. */
export const run = ([program = "", ...args]: ReadonlyArray<string>, { cwd = root, env }: Options = {}) =>
  Effect.callback<string, Error>((resume) => {
    execFile(program, args, { cwd, env: environment(env), maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      resume(
        error === null
          ? Effect.succeed(stdout)
          : Effect.fail(new Error(`${program} ${args.join(" ")}\n${stdout}\n${stderr}`))
      )
    )
  })

/** A program that runs until the scope closes. */
export interface Running {
  readonly pid: number
  /** What the pattern found in its output, once it did; fails if the program ends before. */
  readonly printed: (pattern: RegExp) => Effect.Effect<string, Error>
  /** Sends SIGTERM and waits for its end; gives its exit code. */
  readonly stop: Effect.Effect<number | null>
}

/** Starts a program, which is killed with the scope. */
export const start = ([program = "", ...args]: ReadonlyArray<string>, { cwd = root, env }: Options = {}) =>
  Effect.gen(function* () {
    const child = spawn(program, args, { cwd, env: environment(env), stdio: ["ignore", "pipe", "pipe"] })
    const ended = yield* Deferred.make<number | null>()
    let output = ""
    const read = (part: Buffer) => void (output += part.toString())
    child.stdout.on("data", read)
    child.stderr.on("data", read)
    child.on("error", (error) => (output += error.message))
    child.on("close", (code) => Deferred.doneUnsafe(ended, Effect.succeed(code)))
    yield* Effect.addFinalizer(() => Effect.sync(() => void child.kill("SIGKILL")))
    const printed = (pattern: RegExp) =>
      Effect.callback<string, Error>((resume) => {
        const look = () => {
          const [, found] = pattern.exec(output) ?? []
          if (found !== undefined) resume(Effect.succeed(found))
        }
        look()
        for (const stream of [child.stdout, child.stderr]) stream.on("data", look)
        const fail = () => resume(Effect.fail(new Error(`${program} ended: ${output}`)))
        if (child.exitCode === null) child.once("close", fail)
        else fail()
      })
    const stop = Effect.andThen(
      Effect.sync(() => child.kill("SIGTERM")),
      Deferred.await(ended)
    )
    const running: Running = { pid: child.pid ?? 0, printed, stop }
    return running
  })
