import { join } from "node:path"
import { inFolder, startWithLane } from "../gateway.ts"
import { alert, fresh, post } from "../load.ts"
import type { Row } from "../row.ts"
import { now } from "../standIn.ts"

/** The CPU that an idle gateway uses, with its built-in plugins. */
export const idle: Row = {
  name: "idle",
  run: ({ quick, standIn }) =>
    inFolder(async (folder) => {
      const gateway = await startWithLane(`sqlite:${join(folder, "bench.db")}`, standIn, "idle")
      await post(
        `${gateway.url}/v1/alerts`,
        fresh(1).map((number) => alert(number))
      )
      await standIn.postedSingly("ok/idle", 1)
      // Whatever a start and an alert cause has finished by then.
      await new Promise((resolve) => setTimeout(resolve, quick ? 0 : 5000))
      const began = now()
      const used = gateway.cpu()
      await new Promise((resolve) => setTimeout(resolve, quick ? 1000 : 20_000))
      const part = (100 * (gateway.cpu() - used)) / (now() - began)
      await gateway.stop()
      return [{ what: "idle: CPU of one core", values: [part], unit: "%", goal: { atMost: 0.5 } }]
    })
}
