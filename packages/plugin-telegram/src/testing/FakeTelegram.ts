import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Misbehaviour, RateLimit, type Reply, type Request } from "@tocsin/core/fakes"
import { Option, Schema } from "effect"
import { see } from "../see.ts"
import { validate } from "./validate.ts"

/** How strict the fake is. */
export interface FakeTelegramOptions {
  /** Whether a chat accepts 20 messages a minute, like a group; unlimited when absent. */
  readonly limited?: boolean
}

/** A message of the fake, as it is now. */
export interface Posted {
  readonly body: unknown
  readonly replyTo?: number
}

/**
 * A fake of Telegram's Bot API with one bot, which is in every chat. It shows each message after its last edit, without
 * deleted ones.
 *
 * @see https://core.telegram.org/bots/api
 */
export class FakeTelegram extends FakeService {
  readonly title = "Telegram"
  readonly #options: FakeTelegramOptions
  readonly #posted = new Map<number, Posted>()
  // https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
  readonly #limit = RateLimit.make({ messages: 20, perSeconds: 60, burst: 20 })
  #next = 1

  constructor(options: FakeTelegramOptions = {}) {
    super()
    this.#options = options
  }

  settings(origin: string) {
    return { token: "1:fake-token", chatId: "-1001", apiUrl: origin }
  }

  /** The messages as they are now, by their ids, oldest first. */
  posted(): ReadonlyMap<number, Posted> {
    return this.#posted
  }

  /** Deletes a message, as a person may in Telegram. */
  delete(id: number): void {
    this.#posted.delete(id)
  }

  protected respond({ at, body, url }: Request): Reply {
    const { pathname, searchParams } = new URL(url, "https://telegram.invalid")
    const [, method] = /^\/bot1:fake-token\/(\w+)$/.exec(pathname) ?? []
    if (method === undefined) return { answer: refused(404, "Not Found") }
    if (method === "getChat") {
      return {
        answer: json(200, { ok: true, result: { id: Number(searchParams.get("chat_id")), type: "supergroup" } })
      }
    }
    const payload = parse(body)
    const { chat_id, message_id, reply_parameters } = Option.getOrElse(decode(payload), (): typeof Called.Type => ({
      chat_id: ""
    }))
    const verdict = this.#options.limited === true ? this.#limit(chat_id, at) : undefined
    if (verdict?.isWithin === false) return { answer: tooMany(Math.ceil((verdict.nextAt - at) / 1000)) }
    const [problem] = validate(payload)
    if (problem !== undefined) return { answer: refused(400, problem) }
    const result = (id: number) => json(200, { ok: true, result: { message_id: id, chat: { id: Number(chat_id) } } })
    if (method === "editMessageText") {
      const before = this.#posted.get(message_id ?? 0)
      if (message_id === undefined || before === undefined) {
        return { answer: refused(400, "Bad Request: message to edit not found") }
      }
      if (JSON.stringify(before.body) === JSON.stringify(payload)) {
        return { answer: refused(400, "Bad Request: message is not modified") }
      }
      this.#posted.set(message_id, { ...before, body: payload })
      return { answer: result(message_id), accepted: { channel: `Chat ${chat_id}`, payload, as: "edit" } }
    }
    const id = this.#next++
    const replyTo = reply_parameters?.message_id
    const isReply = replyTo !== undefined && this.#posted.has(replyTo)
    this.#posted.set(id, { body: payload, ...(isReply && { replyTo }) })
    return { answer: result(id), accepted: { channel: `Chat ${chat_id}`, payload, ...(isReply && { as: "reply" }) } }
  }

  protected misbehave(how: Misbehaviour): Answer {
    return misbehaving[how]
  }

  protected render(payload: unknown): Preview.Preview {
    return see(payload)
  }
}

const json = (status: number, body: object): Answer => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body)
})

const refused = (error_code: number, description: string): Answer =>
  json(error_code, { ok: false, error_code, description })

const tooMany = (seconds: number): Answer =>
  json(429, {
    ok: false,
    error_code: 429,
    description: `Too Many Requests: retry after ${seconds}`,
    parameters: { retry_after: seconds }
  })

const misbehaving: { readonly [How in Misbehaviour]: Answer } = {
  archived: refused(403, "Forbidden: bot was kicked from the supergroup chat"),
  revoked: refused(401, "Unauthorized"),
  limited: tooMany(30),
  failing: refused(502, "Bad Gateway"),
  lying: json(200, { ok: false, error_code: 400, description: "Bad Request: chat not found" })
}

const Called = Schema.Struct({
  chat_id: Schema.String,
  message_id: Schema.optionalKey(Schema.Int),
  reply_parameters: Schema.optionalKey(Schema.Struct({ message_id: Schema.Int }))
})

const decode = Schema.decodeUnknownOption(Called)

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
