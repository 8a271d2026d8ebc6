/**
 * Other programs for the same work, each with a temporary folder.
 */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { installed, program, versionOf } from "./program.ts"
import { type StandIn, NotPosted } from "./standIn.ts"

/** A running peer. */
export interface Peer {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Alertmanager, which posts each alert to this lane at once, in a post of its own; undefined if it is not installed. */
export const startAlertmanager = async (folder: string, standIn: StandIn, path: string): Promise<Peer | undefined> => {
  if (versionOf("prometheus-alertmanager") === undefined) return undefined
  const config = join(folder, "alertmanager.yml")
  // JSON is YAML.
  await writeFile(
    config,
    JSON.stringify({
      route: { receiver: "slack", group_by: ["..."], group_wait: "0s", group_interval: "1h", repeat_interval: "24h" },
      receivers: [
        {
          name: "slack",
          slack_configs: [{ api_url: `${standIn.url}/${path}`, channel: "#bench", send_resolved: false }]
        }
      ]
    })
  )
  const { stop, url } = await installed(
    "prometheus-alertmanager",
    [
      `--config.file=${config}`,
      `--storage.path=${join(folder, "alertmanager")}`,
      "--web.listen-address=127.0.0.1:0",
      "--cluster.listen-address="
    ],
    /127\.0\.0\.1:\d+/
  )
  return { url: `http://${url}`, stop }
}

/** The alert of `alert` in load.ts, for Alertmanager, with labels of its own. */
export const alertmanagerAlert = (number: number) => [
  {
    startsAt: "2026-01-01T00:00:00Z",
    labels: { alertname: "Latency above 200 ms", severity: "major", test: `bench-${number}` },
    annotations: { description: "p99 > 200 ms", Frankfurt: "240 ms", Singapore: "310 ms" }
  }
]

/** Fastify and BullMQ on a Redis that syncs each write, posting to this lane; undefined if Redis is not installed. */
export const startBullMq = async (folder: string, standIn: StandIn, path: string): Promise<Peer | undefined> => {
  if (versionOf("redis-server") === undefined) return undefined
  const socket = join(folder, "redis.sock")
  const redis = await installed(
    "redis-server",
    [
      "--port",
      "0",
      "--unixsocket",
      socket,
      "--dir",
      folder,
      "--appendonly",
      "yes",
      "--appendfsync",
      "always",
      "--save",
      ""
    ],
    /ready to accept connections/
  )
  const bullMq = await program("bench/programs/bullmq.ts", { args: [socket, `${standIn.url}/${path}`] })
  return {
    url: bullMq.url,
    stop: async () => {
      await bullMq.stop()
      await redis.stop()
    }
  }
}

/** Fastify and pg-boss on this PostgreSQL database, posting to this lane. */
export const startPgBoss = (database: string, standIn: StandIn, path: string): Promise<Peer> =>
  program("bench/programs/pgBoss.ts", { args: [database, `${standIn.url}/${path}`] })

/** Alertmanager has posted each alert after these seconds, or posts it after an hour. */
export const alertmanagerSeconds = 15

/** Measures Alertmanager, again if not all of its posts came: on a busy machine this was so in two of some 140 rounds. */
export const againIfDelayed = async <A>(measure: () => Promise<A>): Promise<A> => {
  for (let tries = 1; ; tries++) {
    try {
      return await measure()
    } catch (error) {
      if (!(error instanceof NotPosted) || tries === 5) throw error
      console.log(`Not all of Alertmanager's posts came, so it is measured again: ${error.message}`)
    }
  }
}
