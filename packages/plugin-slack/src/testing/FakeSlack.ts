import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Reply, type Misbehaviour, RateLimit, type Request } from "@tocsin/core/fakes"
import { Option } from "effect"
import { FakeWebApi, fakeToken, methodOf, misbehaved, type Posted } from "./FakeWebApi.ts"
import { see } from "./see.ts"
import { seen } from "./seen.ts"
import { type Problem, problems, type ValidateOptions } from "./validate.ts"

/** How strict the fake is. */
export interface FakeSlackOptions extends ValidateOptions {
  /** Whether each hook has Slack's limit, 1 message a second with short bursts; unlimited when absent. */
  readonly limited?: boolean
  /** The form of `settings`: a webhook's when absent. The fake accepts the messages of both. */
  readonly authenticate?: "webhook" | "bot"
}

/**
 * A fake of Slack's Web API for one bot, and of its incoming webhooks: every other path is a hook. It refuses what Slack
 * refuses, and also what Slack would accept but show differently (`validate`).
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
 */
export class FakeSlack extends FakeService {
  readonly title = "Slack"
  readonly #options: FakeSlackOptions
  // https://docs.slack.dev/apis/web-api/rate-limits
  readonly #limit = RateLimit.make({ messages: 1, perSeconds: 1, burst: 5 })

  readonly #webApi: FakeWebApi

  constructor(options: FakeSlackOptions = {}) {
    super()
    this.#options = options
    this.#webApi = new FakeWebApi(options)
  }

  settings(origin: string): { readonly [setting: string]: string } {
    return this.#options.authenticate === "bot"
      ? { authenticate: "bot", token: fakeToken, channel: "C00000000", apiUrl: `${origin}/api` }
      : { url: `${origin}/services/T00000000/B00000000/fake` }
  }

  /** The messages that the bot posted, as they are now, by their `ts`, oldest first. */
  posted(): ReadonlyMap<string, Posted> {
    return this.#webApi.posted
  }

  /** Deletes a message of the bot, as a person may. */
  delete(ts: string): void {
    this.#webApi.posted.delete(ts)
  }

  protected respond(request: Request): Reply {
    return this.#webApi.respond(request) ?? this.#hook(request)
  }

  #hook({ at, body, method, url }: Request): Reply {
    if (method !== "POST") return { answer: answered(405, "") }
    const { pathname } = new URL(url, "https://hooks.slack.invalid")
    if (this.#options.limited === true) {
      const { isWithin, nextAt } = this.#limit(pathname, at)
      if (!isWithin) return { answer: tooMany(Math.ceil((nextAt - at) / 1000)) }
    }
    const payload = parse(body)
    if (payload === undefined) return { answer: answered(400, "invalid_payload") }
    const [first]: ReadonlyArray<Problem> = problems(payload, this.#options)
    if (first !== undefined) return { answer: answered(400, first.code) }
    const channel = Option.match(seen(payload), {
      onNone: () => pathname,
      onSome: (message) => message.channel ?? pathname
    })
    return { answer: answered(200, "ok"), accepted: { channel, payload } }
  }

  protected misbehave(how: Misbehaviour, { url }: Request): Answer {
    return methodOf(url) === undefined ? misbehaving[how] : misbehaved(how)
  }

  protected render(payload: unknown): Preview.Preview {
    return see(payload)
  }
}

const answered = (status: number, body: string): Answer => ({ status, headers: { "content-type": "text/html" }, body })

const tooMany = (seconds: number): Answer => ({
  status: 429,
  headers: { "content-type": "application/json", "retry-after": String(seconds) },
  body: `{"ok":false,"error":"ratelimited"}`
})

const misbehaving: { readonly [How in Misbehaviour]: Answer } = {
  archived: answered(410, "channel_is_archived"),
  revoked: answered(403, "invalid_token"),
  limited: tooMany(30),
  failing: answered(500, "rollup_error"),
  lying: answered(200, "no_service")
}

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
