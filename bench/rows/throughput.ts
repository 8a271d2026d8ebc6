import { join } from "node:path"
import { inFolder, startWithLane } from "../gateway.ts"
import { alert, fresh, post } from "../load.ts"
import { program } from "../program.ts"
import { alternate, rates, ratios, type Row } from "../row.ts"
import type { StandIn } from "../standIn.ts"

/** Posts so many alerts, and gives how many a second were told, from the first request to the last post. */
export const acceptToTold =
  (standIn: StandIn, url: string, path: string, count: number, size = 1) =>
  async (): Promise<number> => {
    standIn.forget()
    const alerts = fresh(count).map((number) => alert(number))
    const bodies =
      size === 1 ? alerts : Array.from({ length: count / size }, (_, n) => alerts.slice(n * size, (n + 1) * size))
    const began = await post(`${url}/v1/alerts`, bodies)
    const { at } = await standIn.toldSingly(path, count)
    return count / ((Math.max(...at.map(([, at]) => at)) - began) / 1000)
  }

/** Durable accept to told on SQLite, against an in-memory database and the raw ceiling. */
export const throughput: Row = {
  name: "throughput",
  run: ({ profile, quick, standIn }) =>
    inFolder(async (folder) => {
      const count = quick ? 200 : 5000
      const memory = await startWithLane("sqlite::memory:", standIn, "memory")
      const file = await startWithLane(`sqlite:${join(folder, "bench.db")}`, standIn, "file", {
        execArgv:
          profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`, "--cpu-prof-name=gateway.cpuprofile"]
      })
      const raw = await program("bench/programs/rawCeiling.ts", { args: [`${standIn.url}/ok/raw`] })
      const sides = await alternate(quick ? 1 : 5, {
        file: acceptToTold(standIn, file.url, "ok/file", count),
        memory: acceptToTold(standIn, memory.url, "ok/memory", count),
        raw: acceptToTold(standIn, raw.url, "ok/raw", count)
      })
      await Promise.all([memory.stop(), file.stop(), raw.stop()])
      const from = rates(sides, "alerts/s")
      return [
        {
          what: "SQLite, each alert on the disk, against the same gateway on an in-memory database",
          values: ratios(sides.file, sides.memory),
          unit: "x",
          goal: { atLeast: 0.9 },
          from
        },
        {
          what: "SQLite against the raw ceiling (node:http, JSON.parse, undici; nothing stored)",
          values: ratios(sides.file, sides.raw),
          unit: "x",
          goal: { atLeast: 0.65 },
          from
        }
      ]
    })
}
