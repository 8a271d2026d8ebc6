/**
 * What people write today for the same work: Fastify accepts and validates an alert, BullMQ stores it in Redis, and a worker
 * posts it with Slack's own library. Up to 64 posts are in flight, as in a lane of the gateway.
 */
import { Queue, Worker } from "bullmq"
import Fastify from "fastify"
import { type Alert, body, poster } from "./alertWorker.ts"

const [, , redis = "", target = ""] = process.argv
const queue = new Queue<Alert>("alerts", {
  connection: { path: redis },
  defaultJobOptions: { attempts: 20, backoff: { type: "exponential", delay: 1000 }, removeOnComplete: true }
})

const send = poster(target)
const worker = new Worker<Alert>("alerts", ({ data }) => send(data), {
  connection: { path: redis, maxRetriesPerRequest: null },
  concurrency: 64
})
worker.on("error", console.error)
worker.on("failed", (_, error) => console.error(error))

const server = Fastify()
server.post<{ Body: Alert }>("/v1/alerts", { schema: { body } }, async ({ body: alert }, reply) => {
  await queue.add("alert", alert)
  return reply.code(202).send({ items: [{ id: alert.id, status: "accepted" }] })
})
await worker.waitUntilReady()
console.log(await server.listen({ port: 0, host: "127.0.0.1" }))
process.on("disconnect", () => process.exit())
