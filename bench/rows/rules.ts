import { join } from "node:path"
import { copies } from "../fill.ts"
import { held, inFolder, integrate, rule, startGateway } from "../gateway.ts"
import { alert, fresh, post } from "../load.ts"
import type { Program } from "../program.ts"
import { alternate, rates, ratios, type Row } from "../row.ts"
import { now } from "../standIn.ts"

/** How fast alerts are accepted where there are many rules and many open alerts, against few and none. */
export const rules: Row = {
  name: "rules",
  run: ({ quick, standIn }) =>
    inFolder(async (folder) => {
      const count = quick ? 200 : 1000
      /** A gateway with this many rules, one of which matches the measured alerts. */
      const start = async (name: string, rules: number, open: number) => {
        const file = join(folder, `${name}.db`)
        const first = await startGateway(`sqlite:${file}`)
        await integrate(first, standIn, "held", "ok/held", held)
        await integrate(first, standIn, name, `ok/${name}`)
        await rule(first, "measured", { labels: { lane: name } }, [name])
        await rule(first, "open", { labels: { lane: "held" } }, ["held"])
        for (let n = 2; n < rules; n++) await rule(first, `team-${n}`, { labels: { team: `team-${n}` } }, [name])
        const [number = 0] = fresh(1)
        await standIn.forget()
        await post(`${first.url}/v1/alerts`, [alert(number, { labels: { lane: "held" } })])
        await standIn.postedSingly("ok/held", 1)
        await first.stop()
        if (open > 0) copies(file, `alert-${number}`, open)
        return startGateway(`sqlite:${file}`)
      }
      const few = await start("few", 10, 0)
      const many = await start("many", quick ? 100 : 10_000, quick ? 1000 : 100_000)
      const accept = (gateway: Program, name: string) => async () => {
        await standIn.forget()
        const bodies = fresh(count).map((number) => alert(number, { labels: { lane: name, team: "none" } }))
        const began = await post(`${gateway.url}/v1/alerts`, bodies)
        const took = now() - began
        await standIn.postedSingly(`ok/${name}`, count)
        return (1000 * count) / took
      }
      const sides = await alternate(quick ? 1 : 9, { many: accept(many, "many"), few: accept(few, "few") })
      await Promise.all([few.stop(), many.stop()])
      return [
        {
          what: "10,000 rules and 100,000 open alerts: accept rate against 10 rules and none open",
          values: ratios(sides.many, sides.few),
          unit: "x",
          goal: { atLeast: 0.7 },
          from: rates(sides, "alerts/s")
        }
      ]
    })
}
