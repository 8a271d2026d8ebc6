import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Misbehaviour, type Reply, type Request } from "@tocsin/core/fakes"
import { createHmac } from "node:crypto"
import { see } from "./see.ts"

const secret = "whsec_ZmFrZS1zZWNyZXQtb2YtYS1mYWtlLXdlYmhvb2s="

/**
 * A server for Standard Webhooks. It refuses messages that are not signed with its secret. It answers a repeated
 * message as it did the first time, and keeps it once.
 */
export class FakeWebhook extends FakeService {
  readonly title = "Webhook"
  readonly #known = new Set<string>()

  settings(origin: string) {
    return { url: `${origin}/tocsin`, secret }
  }

  protected respond({ body, headers, method, url }: Request): Reply {
    if (method !== "POST") return { answer: answered(405, "POST only") }
    const { "webhook-id": id, "webhook-signature": signatures = "", "webhook-timestamp": timestamp } = headers
    if (id === undefined || timestamp === undefined)
      return { answer: answered(400, "No webhook-id or webhook-timestamp") }
    const key = Buffer.from(secret.slice("whsec_".length), "base64")
    const expected = `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`
    if (!signatures.split(" ").includes(expected)) return { answer: answered(401, "No matching signature") }
    if (this.#known.has(id)) return { answer: answered(204, "") }
    this.#known.add(id)
    const payload: unknown = JSON.parse(body)
    return { answer: answered(204, ""), accepted: { channel: new URL(url, "http://fake.invalid").pathname, payload } }
  }

  protected misbehave(how: Misbehaviour): Answer {
    return misbehaving[how]
  }

  protected render(payload: unknown): Preview.Preview {
    return see(payload)
  }
}

const answered = (status: number, body: string): Answer => ({ status, headers: { "content-type": "text/plain" }, body })

const misbehaving: { readonly [How in Misbehaviour]: Answer } = {
  archived: answered(410, "Gone"),
  revoked: answered(401, "No matching signature"),
  limited: { ...answered(429, "Too many requests"), headers: { "retry-after": "30" } },
  failing: answered(503, "Unavailable"),
  // A proxy that redirects to its sign-in page, which answers 200.
  lying: { ...answered(302, ""), headers: { location: "/sign-in" } }
}
