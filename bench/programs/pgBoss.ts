/**
 * The same with PostgreSQL in place of Redis: pg-boss stores an alert, and its workers fetch up to 64 at once, are woken by
 * NOTIFY, and fetch again at once while there are more. Each alert succeeds or is retried by itself.
 */
import Fastify from "fastify"
import { PgBoss } from "pg-boss"
import { type Alert, body, poster } from "./alertWorker.ts"

const [, , database = "", target = ""] = process.argv
const boss = new PgBoss({ connectionString: database, useListenNotify: true })
boss.on("error", console.error)
await boss.start()
await boss.createQueue("alerts", { retryLimit: 20, retryBackoff: true, retryDelay: 1, notify: true })

const send = poster(target)
const attempt = (id: string, alert: Alert) =>
  send(alert).then(
    () => ({ id, status: "completed" as const }),
    (error: unknown) => {
      console.error(error)
      return { id, status: "failed" as const }
    }
  )
await boss.work<Alert>(
  "alerts",
  { batchSize: 64, localConcurrency: 2, perJobResults: true, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 },
  (jobs) => Promise.all(jobs.map(({ data, id }) => attempt(id, data)))
)

const server = Fastify()
server.post<{ Body: Alert }>("/v1/alerts", { schema: { body } }, async ({ body: alert }, reply) => {
  await boss.send("alerts", alert)
  return reply.code(202).send({ items: [{ id: alert.id, status: "accepted" }] })
})
console.log(await server.listen({ port: 0, host: "127.0.0.1" }))
process.on("disconnect", () => process.exit())
