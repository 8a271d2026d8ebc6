import { join } from "node:path"
import { deliveries, held, inFolder, integrate, rule, startGateway } from "../gateway.ts"
import { alert, fresh, inArrays, post } from "../load.ts"
import type { Row } from "../row.ts"
import { now } from "../standIn.ts"

/** The cost of a large backlog: memory, and the time of a start. */
export const backlog: Row = {
  name: "backlog",
  run: ({ quick, standIn }) =>
    inFolder(async (folder) => {
      const count = quick ? 1000 : 100_000
      const database = `sqlite:${join(folder, "bench.db")}`
      const settle = () => new Promise((resolve) => setTimeout(resolve, quick ? 100 : 5000))
      const started = now()
      let gateway = await startGateway(database)
      const from = `an empty one listens after ${((now() - started) / 1000).toFixed(2)} s`
      await integrate(gateway, standIn, "bench", "ok/backlog", held)
      await rule(gateway, "all", {}, ["bench"])
      await settle()
      const idle = gateway.memory()
      await post(
        `${gateway.url}/v1/alerts`,
        fresh(1).map((number) => alert(number))
      )
      await standIn.postedSingly("ok/backlog", 1)
      const alerts = fresh(count).map((number) => alert(number))
      await post(`${gateway.url}/v1/alerts`, inArrays(alerts, 100))
      await settle()
      const accepted = gateway.memory()
      const pending = await deliveries(gateway, "pending")
      if (pending !== count) throw new Error(`Not ${count} deliveries are pending, but ${pending}`)
      await gateway.stop()
      const starts: Array<number> = []
      const more: Array<number> = []
      for (let round = 0; round < (quick ? 1 : 3); round++) {
        await standIn.forget()
        const began = now()
        gateway = await startGateway(database)
        const { at } = await standIn.posted("ok/backlog", 1)
        starts.push((Math.min(...at.map(([, at]) => at)) - began) / 1000)
        await settle()
        more.push(gateway.memory() - idle)
        await gateway.stop()
      }
      return [
        {
          what: "memory with 100,000 pending deliveries, started with them, above idle",
          values: more,
          unit: "MiB",
          goal: { atMost: 64 },
          from: `idle ${idle.toFixed(0)} MiB`
        },
        {
          what: "the same of a gateway that has just accepted them, including memory that its garbage collector has not released",
          values: [accepted - idle],
          unit: "MiB"
        },
        { what: "start to first delivery with 100,000 pending", values: starts, unit: "s", goal: { atMost: 2 }, from }
      ]
    })
}
