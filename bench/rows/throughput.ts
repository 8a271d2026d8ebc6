import { startPostgres } from "@tocsin/test-postgres"
import { join } from "node:path"
import { inFolder, startWithLane } from "../gateway.ts"
import { alert, fresh, inArrays, post } from "../load.ts"
import { program } from "../program.ts"
import { alternate, rates, ratios, type Row } from "../row.ts"
import type { StandIn } from "../standIn.ts"

/** Posts bodies with `count` alerts, and returns how many a second were posted to the lane, from first to last. */
export const toldPerSecond = async (
  standIn: StandIn,
  url: string,
  path: string,
  count: number,
  bodies: ReadonlyArray<unknown>,
  inFlight?: number,
  seconds?: number
): Promise<number> => {
  await standIn.forget()
  const began = await post(url, bodies, inFlight)
  const { at } = await standIn.postedSingly(path, count, seconds)
  return count / ((Math.max(...at.map(([, at]) => at)) - began) / 1000)
}

/** Posts alerts to a gateway, and returns how many a second were delivered, from the first request to the last post. */
export const acceptToDelivered =
  (standIn: StandIn, url: string, path: string, count: number, size = 1, more: object = {}, inFlight?: number) =>
  (): Promise<number> => {
    const alerts = fresh(count).map((number) => alert(number, more))
    const bodies = size === 1 ? alerts : inArrays(alerts, size)
    return toldPerSecond(standIn, `${url}/v1/alerts`, path, count, bodies, inFlight)
  }

/** Durable accept to delivered, on SQLite and on PostgreSQL, against an in-memory database and the raw ceiling. */
export const throughput: Row = {
  name: "throughput",
  run: ({ profile, quick, standIn }) =>
    inFolder(async (folder) => {
      const count = quick ? 200 : 5000
      const postgres = await startPostgres("fsync=on", "synchronous_commit=on")
      try {
        const memory = await startWithLane("sqlite::memory:", standIn, "memory")
        const sqlite = await startWithLane(`sqlite:${join(folder, "bench.db")}`, standIn, "sqlite", {
          execArgv:
            profile === undefined
              ? []
              : ["--cpu-prof", `--cpu-prof-dir=${profile}`, "--cpu-prof-name=gateway.cpuprofile"]
        })
        const onPostgres = await startWithLane(postgres.url("postgres"), standIn, "postgres")
        const raw = await program("bench/programs/rawCeiling.ts", { args: [`${standIn.url}/ok/raw`] })
        const sides = await alternate(quick ? 1 : 5, {
          SQLite: acceptToDelivered(standIn, sqlite.url, "ok/sqlite", count),
          PostgreSQL: acceptToDelivered(standIn, onPostgres.url, "ok/postgres", count),
          memory: acceptToDelivered(standIn, memory.url, "ok/memory", count),
          raw: acceptToDelivered(standIn, raw.url, "ok/raw", count)
        })
        await Promise.all([memory.stop(), sqlite.stop(), onPostgres.stop(), raw.stop()])
        const from = rates(sides, "alerts/s")
        return [
          {
            what: "SQLite, each alert on disk, against the same gateway on an in-memory database",
            values: ratios(sides.SQLite, sides.memory),
            unit: "x",
            goal: { atLeast: 0.9 },
            from
          },
          {
            what: "PostgreSQL (synchronous_commit=on, fsync=on) against the same",
            values: ratios(sides.PostgreSQL, sides.memory),
            unit: "x",
            goal: { atLeast: 0.8 },
            from
          },
          {
            what: "SQLite against the raw ceiling (node:http, JSON.parse, undici; nothing stored)",
            values: ratios(sides.SQLite, sides.raw),
            unit: "x",
            goal: { atLeast: 0.3 },
            from
          }
        ]
      } finally {
        await postgres.stop()
      }
    })
}
