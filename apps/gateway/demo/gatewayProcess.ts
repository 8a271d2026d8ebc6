/**
 * The real gateway as a process of its own, as an operator runs it.
 */
import { Deferred, Effect, type Scope } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

/** A gateway that runs. */
export interface GatewayProcess {
  /** Where it listens. */
  readonly url: string
  readonly pid: number | undefined
  /** Sends a signal and waits until the process has ended; gives its exit code, null after a kill. */
  readonly stop: (signal: "SIGTERM" | "SIGKILL") => Effect.Effect<number | null>
  /** Returns once every process that writes to its output has ended: it, and its launcher. */
  readonly closed: Effect.Effect<void>
  /** All that it has printed so far. */
  readonly printed: () => string
}

/** How to start one. */
export interface Options {
  readonly args?: ReadonlyArray<string>
  readonly first?: URL
  readonly openFiles?: number
  readonly launcher?: ReadonlyArray<string>
}

/** It ended before it served; its output says why. */
export class GatewayEnded extends Error {
  readonly exitCode: number | null

  constructor(message: string, exitCode: number | null) {
    super(message)
    this.exitCode = exitCode
  }
}

/**
 * Starts a gateway on a free port; it is killed with the scope. Nothing of this
 * process's own settings and proxies reaches it. `openFiles` is how many files and
 * connections the system lets it have open, `args` what follows `tocsin`, `first` a module that runs
 * before it. `launcher` is a command that runs the command after it, such as a package manager: `stop` signals the launcher.
 */
export const start = (
  settings: { readonly [name: string]: string },
  { args: given = [], first, launcher = [], openFiles }: Options = {}
): Effect.Effect<GatewayProcess, GatewayEnded, Scope.Scope> =>
  Effect.gen(function* () {
    const inherited = Object.entries(process.env).filter(([name]) => !/^TOCSIN_|_PROXY$/i.test(name))
    const before = first === undefined ? [] : ["--import", first.href]
    const command = [...launcher, process.execPath, "--conditions=@tocsin/source", ...before, main, ...given]
    const [program = "", ...args] =
      openFiles === undefined ? command : ["sh", "-c", `ulimit -n ${openFiles}; exec "$0" "$@"`, ...command]
    const child = spawn(program, args, {
      env: { ...Object.fromEntries(inherited), TOCSIN_PORT: "0", ...settings },
      stdio: ["ignore", "pipe", "pipe"],
      // A process group of its own, so that the scope also kills what outlives the launcher.
      detached: launcher.length > 0
    })
    const url = yield* Deferred.make<string, GatewayEnded>()
    const ended = yield* Deferred.make<number | null>()
    const closed = yield* Deferred.make<void>()
    let printed = ""
    const read = (chunk: Buffer) => {
      printed += chunk.toString()
      const [, found] = /listens on (https?:\S+),/.exec(printed) ?? []
      if (found !== undefined) Deferred.doneUnsafe(url, Effect.succeed(found))
    }
    child.stdout.on("data", read)
    child.stderr.on("data", read)
    child.on("exit", (code) => {
      Deferred.doneUnsafe(url, Effect.fail(new GatewayEnded(printed, code)))
      Deferred.doneUnsafe(ended, Effect.succeed(code))
    })
    child.on("close", () => Deferred.doneUnsafe(closed, Effect.void))
    const stop = (signal: "SIGTERM" | "SIGKILL") =>
      Effect.andThen(
        Effect.sync(() => child.kill(signal)),
        Deferred.await(ended)
      )
    yield* Effect.addFinalizer(() => stop("SIGKILL"))
    if (launcher.length > 0) yield* Effect.addFinalizer(() => Effect.sync(() => killGroup(child.pid)))
    return {
      url: yield* Deferred.await(url),
      pid: child.pid,
      stop,
      closed: Deferred.await(closed),
      printed: () => printed
    }
  })

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

const killGroup = (pid: number | undefined) => {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL")
  } catch {
    // All of its processes have ended.
  }
}
