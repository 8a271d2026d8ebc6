import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Misbehaviour, RateLimit, type Reply, type Request } from "@tocsin/core/fakes"
import { see } from "../see.ts"
import { validate } from "./validate.ts"

/** How strict the fake is. */
export interface FakeDiscordOptions {
  /** Whether a webhook accepts 5 messages in 2 seconds; unlimited when absent. */
  readonly limited?: boolean
}

/**
 * A fake of Discord's webhooks that accepts every id and token. It shows each message after its last edit, without
 * deleted ones.
 *
 * @see https://docs.discord.com/developers/resources/webhook#execute-webhook
 */
export class FakeDiscord extends FakeService {
  readonly title = "Discord"
  readonly #options: FakeDiscordOptions
  readonly #posted = new Map<string, unknown>()
  // https://docs.discord.com/developers/topics/rate-limits#header-format
  readonly #limit = RateLimit.make({ messages: 5, perSeconds: 2, burst: 5 })
  #next = 1

  constructor(options: FakeDiscordOptions = {}) {
    super()
    this.#options = options
  }

  settings(origin: string) {
    return { url: `${origin}/api/webhooks/000000000000000001/fake-token` }
  }

  /** The messages as they are now, by their ids, oldest first. */
  posted(): ReadonlyMap<string, unknown> {
    return this.#posted
  }

  /** Deletes a message, as a person may in Discord. */
  delete(id: string): void {
    this.#posted.delete(id)
  }

  protected respond({ at, body, method, url }: Request): Reply {
    const { pathname, searchParams } = new URL(url, "https://discord.invalid")
    const [, webhook, message] = /\/webhooks\/(\d+)\/[\w-]+(?:\/messages\/(\d+))?$/.exec(pathname) ?? []
    if (webhook === undefined) return { answer: refused(404, 0, "404: Not Found") }
    if (!["GET", "POST", "PATCH"].includes(method)) return { answer: refused(405, 0, "405: Method Not Allowed") }
    if (method === "GET") return { answer: json(200, { id: webhook, type: 1, channel_id: "1" }) }
    const verdict = this.#options.limited === true ? this.#limit(webhook, at) : undefined
    if (verdict?.isWithin === false) return { answer: tooMany((verdict.nextAt - at) / 1000) }
    const left = verdict && {
      "x-ratelimit-remaining": String(verdict.remaining),
      "x-ratelimit-reset-after": String((verdict.resetAt - at) / 1000)
    }
    const payload = parse(body)
    const [problem] = validate(payload)
    if (problem !== undefined) return { answer: refused(400, 50_035, `Invalid Form Body: ${problem}`) }
    if (method === "PATCH") {
      if (message === undefined || !this.#posted.has(message))
        return { answer: refused(404, 10_008, "Unknown Message") }
      this.#posted.set(message, payload)
      return {
        answer: json(200, { id: message, channel_id: "1" }, left),
        accepted: { channel: `Webhook ${webhook}`, payload, as: "edit" }
      }
    }
    const id = String(this.#next++)
    this.#posted.set(id, payload)
    const answer =
      searchParams.get("wait") === "true" ? json(200, { id, channel_id: "1" }, left) : { ...json(204, {}), body: "" }
    return { answer, accepted: { channel: `Webhook ${webhook}`, payload } }
  }

  protected misbehave(how: Misbehaviour): Answer {
    return misbehaving[how]
  }

  protected render(payload: unknown): Preview.Preview {
    return see(payload)
  }
}

const json = (status: number, body: object, headers: { readonly [name: string]: string } = {}): Answer => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body)
})

const refused = (status: number, code: number, message: string): Answer => json(status, { message, code })

const tooMany = (seconds: number): Answer =>
  json(
    429,
    { message: "You are being rate limited.", retry_after: seconds, global: false },
    { "retry-after": String(Math.ceil(seconds)) }
  )

const misbehaving: { readonly [How in Misbehaviour]: Answer } = {
  archived: refused(404, 10_015, "Unknown Webhook"),
  revoked: refused(401, 50_027, "Invalid Webhook Token"),
  limited: tooMany(2.5),
  failing: json(502, {}),
  lying: json(200, { message: "Unknown Webhook", code: 10_015 })
}

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
