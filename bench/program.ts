/**
 * The processes that the bench starts and ends.
 */
import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** A running program. */
export interface Program {
  /** Its URL, or what else it printed when it was ready. */
  readonly url: string
  readonly child: ChildProcess
  /** Resident memory in MiB. */
  readonly memory: () => number
  /** CPU time in milliseconds. */
  readonly cpu: () => number
  /** Stops it, and waits for its end. */
  readonly stop: () => Promise<void>
}

/** Milliseconds within which a program must print its URL. */
const patience = 60_000

const running = new Set<ChildProcess>()
// No process outlives the bench, however that ends.
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")))
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1))

/** Starts a program of this repository by its path, and waits until it prints its URL. */
export const program = (
  path: string,
  {
    args = [],
    env = {},
    execArgv = []
  }: {
    readonly args?: ReadonlyArray<string>
    readonly env?: Readonly<Record<string, string>>
    readonly execArgv?: ReadonlyArray<string>
  } = {}
): Promise<Program> =>
  started(
    path,
    fork(fileURLToPath(new URL(`../${path}`, import.meta.url)), [...args], {
      env: { ...process.env, ...env },
      execArgv: ["--conditions=@tocsin/source", ...execArgv],
      stdio: ["ignore", "pipe", "inherit", "ipc"]
    }),
    /http:\/\/127\.0\.0\.1:\d+/
  )

/** Starts an installed program, and waits until it prints a match. */
export const installed = (name: string, args: ReadonlyArray<string>, ready: RegExp): Promise<Program> =>
  started(name, spawn(name, args, { stdio: ["ignore", "pipe", "pipe"] }), ready)

/** The version of an installed program, or undefined. */
export const versionOf = (name: string): string | undefined => {
  try {
    const printed = execFileSync(name, ["--version"], { stdio: ["ignore", "pipe", "pipe"] }).toString()
    return /\d+\.\d+\.\d+/.exec(printed)?.[0] ?? "of an unknown version"
  } catch {
    return undefined
  }
}

const started = (name: string, child: ChildProcess, ready: RegExp): Promise<Program> =>
  new Promise((resolve, reject) => {
    running.add(child)
    const late = setTimeout(() => child.kill("SIGKILL"), patience)
    let printed = ""
    const stopped = new Promise<void>((end) => {
      child.once("exit", () => {
        clearTimeout(late)
        running.delete(child)
        end()
        reject(new Error(`${name} did not start: ${printed}`))
      })
    })
    const listen = (chunk: Buffer) => {
      printed += chunk.toString()
      const [url] = ready.exec(printed) ?? []
      if (url === undefined) return
      clearTimeout(late)
      resolve({
        url,
        child,
        memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024,
        cpu: () => cpuOf(child.pid),
        stop: () => {
          child.kill("SIGTERM")
          return stopped
        }
      })
    }
    child.stdout?.on("data", listen)
    child.stderr?.on("data", listen)
  })

/** CPU time of a process in milliseconds, with the children that it has waited for if asked. */
export const cpuOf = (pid: number | undefined, isWithChildren = false): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ")
  return (fields.slice(11, isWithChildren ? 15 : 13).reduce((sum, field) => sum + Number(field), 0) * 1000) / ticks
}

const ticks = Number(execFileSync("getconf", ["CLK_TCK"]).toString())
