import { join } from "node:path"
import { deliveries, inFolder, integrate, rule, startGateway } from "../gateway.ts"
import { alert, fresh, inArrays, post } from "../load.ts"
import type { Row } from "../row.ts"
import { now } from "../standIn.ts"

/** Many alerts at once into one lane at Slack's pace, whose service answers 429 above one post a second. */
export const storm: Row = {
  name: "storm",
  run: ({ quick, standIn }) =>
    inFolder(async (folder) => {
      const count = quick ? 100 : 10_000
      // Few enough that each is sent by itself.
      const criticals = quick ? 1 : 10
      const gateway = await startGateway(`sqlite:${join(folder, "bench.db")}`)
      await integrate(gateway, standIn, "bench", "limited/storm", null)
      await rule(gateway, "all", {}, ["bench"])
      const numbers = fresh(count)
      const critical = new Set(numbers.filter((_, n) => n % (count / criticals) === count / criticals / 2))
      const alerts = numbers.map((number) => alert(number, critical.has(number) ? { severity: "critical" } : {}))
      const began = await post(`${gateway.url}/v1/alerts`, inArrays(alerts, 100))
      const accepted = (now() - began) / 1000
      while ((await deliveries(gateway, "open")) > 0) {
        if (now() - began > 180_000) throw new Error("The storm was not delivered within three minutes")
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      const over = (now() - began) / 1000
      // A digest names only some of the alerts that it counts: history says that each was delivered.
      const { at, posts, refused, shared } = await standIn.posted("limited/storm", critical.size)
      const delivered = await deliveries(gateway, "delivered")
      if (delivered !== count + shared) throw new Error(`Of ${count} alerts ${delivered - shared} were delivered`)
      const first = Math.min(...at.flatMap(([number, at]) => (critical.has(number) ? [at] : [])))
      await gateway.stop()
      const from = `${count} alerts accepted in ${accepted.toFixed(1)} s and delivered in ${posts} posts, ${shared} of them digests`
      return [
        {
          what: "10,000 alerts at once into one Slack lane that answers 429 above 1/s: the first critical one is posted",
          values: [(first - began) / 1000],
          unit: "s",
          goal: { atMost: 2 },
          from
        },
        { what: "the same: all are delivered", values: [over], unit: "s", goal: { atMost: 60 }, from },
        {
          what: "the same: refused posts",
          values: [(100 * refused) / posts],
          unit: "%",
          goal: { atMost: 1 },
          from
        }
      ]
    })
}
