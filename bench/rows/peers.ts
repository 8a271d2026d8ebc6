import { startPostgres } from "@tocsin/test-postgres"
import { join } from "node:path"
import { inFolder, startWithLane } from "../gateway.ts"
import { fresh } from "../load.ts"
import {
  alertmanagerAlert,
  alertmanagerSeconds,
  againIfDelayed,
  startAlertmanager,
  startBullMq,
  startPgBoss
} from "../peers.ts"
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
      const toGateway = (inFlight: number) =>
        acceptToDelivered(standIn, gateway.url, "ok/gateway", count, 1, {}, inFlight)
      const toAlertmanager = (url: string, inFlight: number) => () =>
        againIfDelayed(() =>
          toldPerSecond(
            standIn,
            `${url}/api/v2/alerts`,
            "ok/alertmanager",
            count,
            fresh(count).map(alertmanagerAlert),
            inFlight,
            alertmanagerSeconds
          )
        )
      const sides = await alternate(quick ? 1 : 5, {
        gateway: toGateway(64),
        "gateway with 16 connections": toGateway(16),
        ...(alertmanager && {
          Alertmanager: toAlertmanager(alertmanager.url, 64),
          "Alertmanager with 16 connections": toAlertmanager(alertmanager.url, 16)
        }),
        ...(bullMq && { BullMQ: acceptToDelivered(standIn, bullMq.url, "ok/bullmq", count) })
      })
      await Promise.all([gateway.stop(), alertmanager?.stop(), bullMq?.stop()])
      const against = (
        what: string,
        [ours, peer]: readonly [ReadonlyArray<number>, ReadonlyArray<number> | undefined],
        atLeast: number,
        needs: string
      ): Figure | Missing =>
        peer === undefined
          ? { what, missing: `${needs} is not installed` }
          : { what, values: ratios(ours, peer), unit: "x", goal: { atLeast }, from: rates(sides, "alerts/s") }
      return [
        against(
          "SQLite against Alertmanager (stores nothing), 64 connections",
          [sides.gateway, sides.Alertmanager],
          2,
          "prometheus-alertmanager"
        ),
        against(
          "the same, 16 connections",
          [sides["gateway with 16 connections"], sides["Alertmanager with 16 connections"]],
          1.8,
          "prometheus-alertmanager"
        ),
        against(
          "SQLite against Fastify, BullMQ (Redis, appendfsync always) and @slack/webhook",
          [sides.gateway, sides.BullMQ],
          1.3,
          "redis-server"
        )
      ]
    })
}

/** The gateway and a queue on the same PostgreSQL, each with a database of its own. */
export const queueOnPostgres: Row = {
  name: "pg-boss",
  run: async ({ quick, standIn }) => {
    const count = quick ? 200 : 3000
    const postgres = await startPostgres("fsync=on", "synchronous_commit=on")
    try {
      await postgres.server.createDatabase("pgboss")
      const gateway = await startWithLane(postgres.url("postgres"), standIn, "on-postgres")
      const pgBoss = await startPgBoss(postgres.url("pgboss"), standIn, "ok/pg-boss")
      const sides = await alternate(quick ? 1 : 5, {
        gateway: acceptToDelivered(standIn, gateway.url, "ok/on-postgres", count),
        "pg-boss": acceptToDelivered(standIn, pgBoss.url, "ok/pg-boss", count)
      })
      await Promise.all([gateway.stop(), pgBoss.stop()])
      return [
        {
          what: "PostgreSQL against Fastify, pg-boss on the same PostgreSQL and @slack/webhook",
          values: ratios(sides.gateway, sides["pg-boss"]),
          unit: "x",
          goal: { atLeast: 8 },
          from: rates(sides, "alerts/s")
        }
      ]
    } finally {
      await postgres.stop()
    }
  }
}
