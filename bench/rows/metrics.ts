import { join } from "node:path"
import { inFolder, integrate, rule, startGateway } from "../gateway.ts"
import { alert, fresh, post } from "../load.ts"
import type { Row } from "../row.ts"

/** Milliseconds between two scrapes, as Prometheus' own example has it. */
const interval = 15_000

/** How many integrations have series of their own. */
const integrations = 32

/** How many sources. */
const sources = 100

/**
 * What scrapes of `/metrics` cost. One thread accepts alerts, so the accept rate falls by the share of a core that scrapes
 * take. The share is computed from the CPU time of many scrapes in a row: a difference of a hundredth between two accept
 * rates disappears in their spread.
 */
export const metrics: Row = {
  name: "metrics",
  run: ({ quick, standIn }) =>
    inFolder(async (folder) => {
      const gateway = await startGateway(`sqlite:${join(folder, "bench.db")}`)
      // Of two digits each: the chat service finds a lane by the beginning of its path.
      const ids = Array.from({ length: integrations }, (_, n) => `metrics-${n + 10}`)
      for (const id of ids) await integrate(gateway, standIn, id, `ok/${id}`)
      await rule(gateway, "all", {}, ids)
      const alerts = fresh(sources).map((number) => ({ ...alert(number), source: `source-${number}` }))
      await post(`${gateway.url}/v1/alerts`, alerts)
      for (const id of ids) await standIn.postedSingly(`ok/${id}`, sources)
      const values: Array<number> = []
      const scrapes = quick ? 5 : 200
      for (let round = 0; round < (quick ? 1 : 6); round++) {
        const used = gateway.cpu()
        for (let n = 0; n < scrapes; n++) await (await fetch(`${gateway.url}/metrics`)).text()
        const part = (100 * (gateway.cpu() - used)) / scrapes / interval
        if (quick || round > 0) values.push(part)
      }
      await gateway.stop()
      return [
        {
          what: `/metrics of ${integrations} integrations and ${sources} sources, scraped every 15 s: CPU of one core`,
          values,
          unit: "%",
          goal: { atMost: 1 }
        }
      ]
    })
}
