/**
 * Which processes used the CPU while something ran.
 */
import { readdirSync, readFileSync } from "node:fs"
import { cpus } from "node:os"
import { cpuOf } from "./program.ts"
import { now } from "./standIn.ts"

/** Runs an effect and returns which part of a core each process used meanwhile, and which part of all cores was busy. */
export const usage = async <A>(
  counters: Readonly<Record<string, () => number>>,
  run: () => Promise<A>
): Promise<{ readonly result: A; readonly used: Readonly<Record<string, number>>; readonly busy: number }> => {
  const read = () => ({ at: now(), machine: machine(), each: Object.values(counters).map((counter) => counter()) })
  const before = read()
  const result = await run()
  const after = read()
  const part = (n: number) => ((after.each[n] ?? NaN) - (before.each[n] ?? NaN)) / (after.at - before.at)
  return {
    result,
    used: Object.fromEntries(Object.keys(counters).map((name, n) => [name, part(n)])),
    busy: 1 - (after.machine.idle - before.machine.idle) / (after.machine.all - before.machine.all)
  }
}

/** CPU time of this process. */
export const cpuOfBench = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
}

/** CPU time of the calling thread, in milliseconds. */
export const threadCpu = (): number => {
  const { system, user } = process.threadCpuUsage()
  return (system + user) / 1000
}

/** CPU time of a process and its children, ended ones included. */
export const cpuWithChildren = (pid: number): number =>
  readdirSync("/proc")
    .filter((name) => parentOf(name) === pid)
    .reduce((sum, child) => sum + cpuIfRunning(Number(child)), cpuOf(pid, true))

/** A child that has just ended is counted with its parent soon. */
const cpuIfRunning = (pid: number): number => {
  try {
    return cpuOf(pid)
  } catch {
    return 0
  }
}

const parentOf = (entry: string): number | undefined => {
  try {
    return Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${entry}/status`, "utf8"))?.[1])
  } catch {
    // No such process, or one that has just ended.
    return undefined
  }
}

const machine = () => {
  const times = cpus().map(({ times }) => times)
  const idle = times.reduce((sum, { idle }) => sum + idle, 0)
  return { idle, all: times.reduce((sum, { irq, nice, sys, user }) => sum + irq + nice + sys + user, idle) }
}
