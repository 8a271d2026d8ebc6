import { inFolder, startWithLane } from "../gateway.ts"
import { alternate, rates, ratios, type Row } from "../row.ts"
import { acceptToDelivered } from "./throughput.ts"
import { join } from "node:path"

/** Arrays of 100 alerts a request, against single ones. */
export const arrays: Row = {
  name: "arrays",
  run: ({ quick, standIn }) =>
    inFolder(async (folder) => {
      const count = quick ? 200 : 2000
      const gateway = await startWithLane(`sqlite:${join(folder, "bench.db")}`, standIn, "arrays")
      const sides = await alternate(quick ? 1 : 3, {
        arrays: acceptToDelivered(standIn, gateway.url, "ok/arrays", count, 100),
        single: acceptToDelivered(standIn, gateway.url, "ok/arrays", count)
      })
      await gateway.stop()
      return [
        {
          what: "arrays of 100 alerts a request, against single ones, accept to delivered",
          values: ratios(sides.arrays, sides.single),
          unit: "x",
          goal: { atLeast: 1.5 },
          from: rates(sides, "alerts/s")
        }
      ]
    })
}
