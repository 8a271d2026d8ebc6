import { join } from "node:path"
import { inFolder, startWithLane } from "../gateway.ts"
import { alert, fresh, post } from "../load.ts"
import type { Row } from "../row.ts"
import { now } from "../standIn.ts"

/** What a gateway uses of the processor that has nothing to do, with the plugins that it always has. */
export const idle: Row = {
  name: "idle",
  run: ({ quick, standIn }) =>
    inFolder(async (folder) => {
      const gateway = await startWithLane(`sqlite:${join(folder, "bench.db")}`, standIn, "idle")
      await post(
        `${gateway.url}/v1/alerts`,
        fresh(1).map((number) => alert(number))
      )
      await standIn.toldSingly("ok/idle", 1)
      // What follows a start and an alert is over by then.
      await new Promise((resolve) => setTimeout(resolve, quick ? 0 : 5000))
      const began = now()
      const used = gateway.cpu()
      await new Promise((resolve) => setTimeout(resolve, quick ? 1000 : 20_000))
      const part = (100 * (gateway.cpu() - used)) / (now() - began)
      await gateway.stop()
      return [{ what: "idle: CPU of one core", values: [part], unit: "%", goal: { atMost: 0.5 } }]
    })
}
