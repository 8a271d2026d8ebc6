/**
 * What people write today for the same work: Fastify accepts and validates an alert, BullMQ stores it in Redis, and a worker
 * posts it with Slack's own library. Up to 64 posts are in flight, as in a lane of the gateway.
 */
import { IncomingWebhook } from "@slack/webhook"
import { Queue, Worker } from "bullmq"
import Fastify from "fastify"

const [, , redis = "", target = ""] = process.argv
const text = { type: "string" }
const body = {
  type: "object",
  required: ["source", "id", "state", "severity", "startedAt", "rule", "test"],
  properties: {
    source: text,
    id: text,
    state: { enum: ["raised", "cleared"] },
    severity: text,
    startedAt: { type: "string", format: "date-time" },
    rule: { type: "object", required: ["name"], properties: { name: text, expression: text } },
    test: { type: "object", required: ["name"], properties: { name: text } },
    observations: {
      type: "array",
      items: { type: "object", required: ["name"], properties: { name: text, atStart: text } }
    }
  }
} as const

interface Alert {
  readonly id: string
  readonly severity: string
  readonly startedAt: string
  readonly rule: { readonly name: string; readonly expression?: string }
  readonly test: { readonly name: string }
  readonly observations?: ReadonlyArray<{ readonly name: string; readonly atStart?: string }>
}

const queue = new Queue<Alert>("alerts", {
  connection: { path: redis },
  defaultJobOptions: { attempts: 20, backoff: { type: "exponential", delay: 1000 }, removeOnComplete: true }
})

const webhook = new IncomingWebhook(target, { timeout: 10_000 })
const worker = new Worker<Alert>(
  "alerts",
  ({ data: { observations = [], rule, severity, startedAt, test } }) =>
    webhook.send({
      text: `${rule.name}: ${test.name}`,
      blocks: [
        { type: "header", text: { type: "plain_text", text: `${severity}: ${rule.name}` } },
        {
          type: "section",
          text: { type: "mrkdwn", text: `*${test.name}* since ${startedAt}\n${rule.expression ?? ""}` },
          fields: observations.map(({ atStart, name }) => ({ type: "mrkdwn", text: `${name}: ${atStart ?? ""}` }))
        }
      ]
    }),
  { connection: { path: redis, maxRetriesPerRequest: null }, concurrency: 64 }
)
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
