/**
 * Programs that the bench starts beside itself, and ends.
 */
import { type ChildProcess, execFileSync, fork } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** A running program. */
export interface Program {
  readonly url: string
  readonly child: ChildProcess
  /** Its memory that is in RAM, in MiB. */
  readonly memory: () => number
  /** What it has used of the processor, in milliseconds. */
  readonly cpu: () => number
  /** Asks it to stop, and waits until it has. */
  readonly stop: () => Promise<void>
}

/** Milliseconds in which a program must have printed its URL. */
const patience = 60_000

const running = new Set<ChildProcess>()
// Nothing that was started here outlives the bench, however that ends.
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")))
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1))

/** Starts a program of this repository, by its path, and waits until it prints the URL that it serves. */
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
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL(`../${path}`, import.meta.url)), [...args], {
      env: { ...process.env, ...env },
      execArgv: ["--conditions=@tocsin/source", ...execArgv],
      stdio: ["ignore", "pipe", "inherit", "ipc"]
    })
    running.add(child)
    const late = setTimeout(() => child.kill("SIGKILL"), patience)
    let printed = ""
    const stopped = new Promise<void>((end) => {
      child.once("exit", () => {
        clearTimeout(late)
        running.delete(child)
        end()
        reject(new Error(`${path} did not start: ${printed}`))
      })
    })
    child.stdout?.on("data", (chunk: Buffer) => {
      printed += chunk.toString()
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(printed) ?? []
      if (url === undefined) return
      clearTimeout(late)
      resolve({
        url,
        child,
        memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024,
        cpu: () => {
          const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8")
            .replace(/^.*\) /, "")
            .split(" ")
          return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks
        },
        stop: () => {
          child.kill("SIGTERM")
          return stopped
        }
      })
    })
  })

const ticks = Number(execFileSync("getconf", ["CLK_TCK"]).toString())
