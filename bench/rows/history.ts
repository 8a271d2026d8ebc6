import { statSync } from "node:fs"
import { join } from "node:path"
import { copies } from "../fill.ts"
import { held, inFolder, integrate, rule, startGateway } from "../gateway.ts"
import { alert, fresh, post } from "../load.ts"
import type { Program } from "../program.ts"
import { alternate, rates, ratios, type Row } from "../row.ts"
import { now } from "../standIn.ts"
import { acceptToDelivered } from "./throughput.ts"

const perSecond = 50
const day = 86_400

/** A file with a day of 50 alerts a second, each delivered and cleared, against an empty one. */
export const history: Row = {
  name: "history",
  run: ({ quick, standIn }) =>
    inFolder(async (folder) => {
      const rounds = quick ? 1 : 3
      const count = quick ? 1000 : perSecond * day
      const start = async (name: string) => {
        const gateway = await startGateway(`sqlite:${join(folder, name)}.db`)
        await integrate(gateway, standIn, "bench", `ok/${name}`)
        await rule(gateway, "all", { labels: { lane: "bench" } }, ["bench"])
        return gateway
      }
      // Filled, and then restarted like the other one.
      await (await start("empty")).stop()
      const first = await start("full")
      const [number = 0] = fresh(1)
      await standIn.forget()
      await post(`${first.url}/v1/alerts`, [alert(number, lane("bench"))])
      await standIn.postedSingly("ok/full", 1)
      await post(`${first.url}/v1/alerts`, [
        alert(number, { ...lane("bench"), state: "cleared", clearedAt: "2026-01-01T01:00:00Z" })
      ])
      // Pending deliveries for the next starts.
      await integrate(first, standIn, "held", "ok/held", held)
      await rule(first, "held", { labels: { lane: "held" } }, ["held"])
      const waiting = fresh(rounds * 500 + 10).map((number) => alert(number, lane("held")))
      await post(`${first.url}/v1/alerts`, waiting)
      await standIn.posted("ok/held", 1)
      await first.stop()
      const file = join(folder, "full.db")
      const rows = copies(file, `alert-${number}`, count, 1000 / perSecond)
      const bytes = statSync(file).size / count
      const starts: Array<number> = []
      let full: Program | undefined
      for (let round = 0; round < rounds; round++) {
        await full?.stop()
        await standIn.forget()
        const began = now()
        full = await startGateway(`sqlite:${file}`)
        const { at } = await standIn.posted("ok/held", 1)
        starts.push((Math.min(...at.map(([, at]) => at)) - began) / 1000)
      }
      if (full === undefined) return []
      const empty = await startGateway(`sqlite:${join(folder, "empty.db")}`)
      const sides = await alternate(quick ? 1 : 9, {
        full: acceptToDelivered(standIn, full.url, "ok/full", quick ? 100 : 1000, 1, lane("bench")),
        empty: acceptToDelivered(standIn, empty.url, "ok/empty", quick ? 100 : 1000, 1, lane("bench"))
      })
      await Promise.all([full.stop(), empty.stop()])
      const from = `${(rows / 1e6).toFixed(1)} million rows`
      return [
        {
          what: "start to first delivery with ten million rows of history",
          values: starts,
          unit: "s",
          goal: { atMost: 2 },
          from
        },
        {
          what: "a day of 50 alerts/s in the file: accept to delivered, against an empty file",
          values: ratios(sides.full, sides.empty),
          unit: "x",
          goal: { atLeast: 0.9 },
          from: `${rates(sides, "alerts/s")}; ${from}`
        },
        {
          what: "file of 50 alerts/s with 30 days' retention, each alert raised, delivered and cleared",
          values: [(bytes * perSecond * day * 30) / 2 ** 30],
          unit: "GiB",
          from: `computed from ${bytes.toFixed(0)} bytes of an alert`
        }
      ]
    })
}

const lane = (lane: string) => ({ labels: { lane } })
