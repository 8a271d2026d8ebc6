/**
 * The package manager that started the gateway by a script, such as `npx -y pnpm@12 start`.
 */
import { Effect, Schedule } from "effect"
import { readFileSync } from "node:fs"

/** How often the gateway checks whether it still runs. */
const interval = "500 millis"

/**
 * Returns when the package manager's processes that started the gateway have ended: a signal to `npx` ends only `npx`,
 * and the gateway would keep its port and its database. Never returns if no script started it.
 */
export const launcherEnds: Effect.Effect<void> = Effect.suspend(() => {
  if (process.env["npm_lifecycle_event"] === undefined) return Effect.never
  const before = launchers()
  return Effect.sync(launchers).pipe(
    Effect.repeat({ schedule: Schedule.spaced(interval), until: (now) => now !== before }),
    Effect.andThen(Effect.logInfo("The package manager that started the gateway has ended. The gateway stops."))
  )
})

/** The parent, and its ancestors up to the first one that no package manager started. */
const launchers = (): string => {
  const pids = [process.ppid]
  for (let pid = process.ppid; isManager(pid) || isShell(pid); pid = parentOf(pid)) pids.push(parentOf(pid))
  return pids.slice(0, pids.findLastIndex(isManager) + 1).join() || String(process.ppid)
}

/** The parent of a process, on Linux only; elsewhere only the gateway's own parent is watched. */
const parentOf = (pid: number) => Number(/^PPid:\s+(\d+)/m.exec(read(pid, "status"))?.[1] ?? 0)

const isManager = (pid: number) => /(^|[\0/])(npx|npm exec|npm run|npm|pnpm|yarn)\b/.test(read(pid, "cmdline"))

const isShell = (pid: number) => /sh\0-c\0/.test(read(pid, "cmdline"))

const read = (pid: number, what: string) => {
  try {
    return readFileSync(`/proc/${pid}/${what}`, "utf8")
  } catch {
    return ""
  }
}
