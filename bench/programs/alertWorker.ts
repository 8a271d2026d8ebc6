/**
 * What people write around a queue: the body of an alert, and the message about it.
 */
import { IncomingWebhook } from "@slack/webhook"

const text = { type: "string" }

/** The schema of the body, for Fastify. */
export const body = {
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

/** An alert with that body. */
export interface Alert {
  readonly id: string
  readonly severity: string
  readonly startedAt: string
  readonly rule: { readonly name: string; readonly expression?: string }
  readonly test: { readonly name: string }
  readonly observations?: ReadonlyArray<{ readonly name: string; readonly atStart?: string }>
}

/** Posts alerts to this address, with Slack's own library. */
export const poster = (target: string) => {
  const webhook = new IncomingWebhook(target, { timeout: 10_000 })
  return ({ observations = [], rule, severity, startedAt, test }: Alert) =>
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
    })
}
