import { join } from "node:path"
import { inFolder, startWithLane } from "../gateway.ts"
import { fresh } from "../load.ts"
import { alertmanagerAlert, startAlertmanager, startBullMq } from "../peers.ts"
import { alternate, type Figure, type Missing, rates, ratios, type Row } from "../row.ts"
import { acceptToDelivered, toldPerSecond } from "./throughput.ts"

/** The gateway on SQLite against other programs for the same work. */
export const peers: Row = {
  name: "peers",
  run: ({ quick, standIn }) =>
    inFolder(async (folder) => {
      const count = quick ? 200 : 3000
      const gateway = await startWithLane(`sqlite:${join(folder, "bench.db")}`, standIn, "gateway")
      const alertmanager = await startAlertmanager(folder, standIn, "ok/alertmanager")
      const bullMq = await startBullMq(folder, standIn, "ok/bullmq")
      const sides = await alternate(quick ? 1 : 5, {
        gateway: acceptToDelivered(standIn, gateway.url, "ok/gateway", count),
        ...(alertmanager && {
          Alertmanager: () =>
            toldPerSecond(
              standIn,
              `${alertmanager.url}/api/v2/alerts`,
              "ok/alertmanager",
              count,
              fresh(count).map(alertmanagerAlert)
            )
        }),
        ...(bullMq && { BullMQ: acceptToDelivered(standIn, bullMq.url, "ok/bullmq", count) })
      })
      await Promise.all([gateway.stop(), alertmanager?.stop(), bullMq?.stop()])
      const against = (what: string, peer: ReadonlyArray<number> | undefined, needs: string): Figure | Missing =>
        peer === undefined
          ? { what, missing: `${needs} is not installed` }
          : {
              what,
              values: ratios(sides.gateway, peer),
              unit: "x",
              goal: { atLeast: 2 },
              from: rates(sides, "alerts/s")
            }
      return [
        against("SQLite against Alertmanager (stores nothing)", sides.Alertmanager, "prometheus-alertmanager"),
        against(
          "SQLite against Fastify, BullMQ (Redis, appendfsync always) and @slack/webhook",
          sides.BullMQ,
          "redis-server"
        )
      ]
    })
}
