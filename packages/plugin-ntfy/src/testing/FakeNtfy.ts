import { Option, Schema } from "effect"
import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Misbehaviour, RateLimit, type Reply, type Request } from "@tocsin/core/fakes"
import { see } from "../see.ts"
import { validate } from "./validate.ts"

/** How strict the fake is. */
export interface FakeNtfyOptions {
  /** Whether it accepts 60 messages at once and then one every 5 seconds, like ntfy; unlimited when absent. */
  readonly limited?: boolean
}

const token = "tk_fake"

/**
 * A fake of an ntfy server that protects all topics with one access token.
 *
 * @see https://docs.ntfy.sh/publish/
 */
export class FakeNtfy extends FakeService {
  readonly title = "ntfy"
  readonly #options: FakeNtfyOptions
  // https://docs.ntfy.sh/publish/#limitations
  readonly #limit = RateLimit.make({ messages: 60, perSeconds: 300, burst: 60 })
  #next = 1

  constructor(options: FakeNtfyOptions = {}) {
    super()
    this.#options = options
  }

  settings(origin: string) {
    return { url: origin, topic: "fake", token }
  }

  protected respond({ at, body, headers, method, url }: Request): Reply {
    const { pathname } = new URL(url, "https://ntfy.invalid")
    if (pathname !== "/" || method !== "POST") return { answer: refused(404, 40_401, "page not found") }
    if (headers["authorization"] !== `Bearer ${token}`) return { answer: refused(401, 40_101, "unauthorized") }
    if (this.#options.limited === true && !this.#limit("visitor", at).isWithin) {
      return { answer: refused(429, 42_901, "limit reached: too many requests") }
    }
    const payload = parse(body)
    const [problem] = validate(payload)
    if (problem !== undefined) return { answer: refused(400, 40_024, `invalid request: ${problem}`) }
    const topic = Option.match(decode(payload), { onNone: () => "", onSome: ({ topic }) => topic })
    const message = { id: String(this.#next++), time: Math.floor(at / 1000), event: "message", topic }
    return { answer: json(200, message), accepted: { channel: topic, payload } }
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

const refused = (http: number, code: number, error: string): Answer => json(http, { code, http, error })

const misbehaving: { readonly [How in Misbehaviour]: Answer } = {
  archived: refused(404, 40_401, "page not found"),
  revoked: refused(401, 40_101, "unauthorized"),
  limited: refused(429, 42_901, "limit reached: too many requests"),
  failing: refused(500, 50_001, "internal server error"),
  lying: { status: 200, headers: { "content-type": "text/html" }, body: "<html>Sign in</html>" }
}

const decode = Schema.decodeUnknownOption(Schema.Struct({ topic: Schema.String }))

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
