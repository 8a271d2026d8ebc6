import { join } from "node:path"
import { inFolder, integrate, rule, startGateway, startWithLane } from "../gateway.ts"
import type { Program } from "../program.ts"
import { alternate, percentile, rates, ratios, type Row } from "../row.ts"
import { atFifty } from "./latency.ts"

/** A healthy lane beside one that hangs and one that fails, against one alone; both gateways take the same alerts. */
export const isolation: Row = {
  name: "isolation",
  run: ({ quick, standIn }) =>
    inFolder(async (folder) => {
      const beside = await startGateway(`sqlite:${join(folder, "beside.db")}`)
      for (const name of ["ok", "hung", "failing"]) {
        await integrate(beside, standIn, name, `${name}/isolation`)
        await rule(beside, name, {}, [name])
      }
      const alone = await startWithLane(`sqlite:${join(folder, "alone.db")}`, standIn, "isolation")
      const p99 = (gateway: Program) => async () =>
        percentile(await atFifty(standIn, `${gateway.url}/v1/alerts`, "ok/isolation", quick ? 25 : 500), 0.99)
      const sides = await alternate(quick ? 1 : 3, { beside: p99(beside), alone: p99(alone) })
      await Promise.all([beside.stop(), alone.stop()])
      return [
        {
          what: "p99 of a healthy lane beside one that hangs and one that fails, against alone",
          values: ratios(sides.beside, sides.alone),
          unit: "x",
          goal: { atMost: 1.2 },
          from: rates(sides, "ms")
        }
      ]
    })
}
