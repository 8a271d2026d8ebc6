import { join } from "node:path"
import { inFolder, integrate, rule, startGateway } from "../gateway.ts"
import { alert, fresh, post } from "../load.ts"
import { alternate, rates, ratios, type Row } from "../row.ts"

/** One alert to many integrations, against as many alerts to one of them: what one more integration costs. */
export const fanout: Row = {
  name: "fanout",
  run: ({ quick, standIn }) =>
    inFolder(async (folder) => {
      const count = quick ? 50 : 1000
      const gateway = await startGateway(`sqlite:${join(folder, "bench.db")}`)
      const ids = Array.from({ length: count }, (_, n) => `fanout-${n}`)
      for (const id of ids) await integrate(gateway, standIn, id, `ok/${id}`)
      await integrate(gateway, standIn, "single", "ok/single")
      await rule(gateway, "many", { labels: { to: "many" } }, ids)
      await rule(gateway, "one", { labels: { to: "one" } }, ["single"])
      /** Milliseconds until the last of `count` deliveries was posted. */
      const last = (lane: string, to: string, alerts: number, deliveries: number) => async () => {
        await standIn.forget()
        const bodies = fresh(alerts).map((number) => alert(number, { labels: { to } }))
        const began = await post(`${gateway.url}/v1/alerts`, [bodies])
        const { at } = await standIn.postedSingly(lane, deliveries)
        return Math.max(...at.map(([, at]) => at)) - began
      }
      const sides = await alternate(quick ? 1 : 5, {
        "one alert to all": last("ok/fanout-", "many", 1, count),
        "as many alerts to one": last("ok/single", "one", count, count),
        "one alert to one": last("ok/single", "one", 1, 1)
      })
      await gateway.stop()
      const from = rates(sides, "ms")
      const all = sides["one alert to all"]
      return [
        {
          what: "1,000 integrations named by one rule, one alert: last post, against one integration's share x 1,000",
          values: ratios(all, sides["one alert to one"]).map((ratio) => ratio / count),
          unit: "x",
          goal: { atMost: 1.2 },
          from
        },
        {
          what: "the same, against 1,000 alerts in one request to one integration",
          values: ratios(all, sides["as many alerts to one"]),
          unit: "x",
          from
        }
      ]
    })
}
