import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Reply, type Misbehaviour, RateLimit, type Request } from "@tocsin/core/fakes"
import { rates } from "../limits.ts"
import { see } from "./see.ts"
import { validate } from "./validate.ts"

/** Options of the fake. */
export interface FakeHipChatOptions {
  /** The one token, for every room. */
  readonly token: string
  /** Whether rooms and the token have HipChat's limits; unlimited when absent. */
  readonly limited?: boolean
}

/**
 * A fake of HipChat's room notifications. It refuses everything that `validate` reports, which is stricter than the
 * service.
 *
 * @see https://developer.atlassian.com/server/hipchat/hipchat-rest-api-rate-limits/
 */
export class FakeHipChat extends FakeService {
  readonly title = "HipChat"
  readonly #options: FakeHipChatOptions
  readonly #room = RateLimit.make({ ...rates.room, burst: rates.room.messages })
  readonly #token = RateLimit.make({ ...rates.token, burst: rates.token.messages })

  constructor(options: FakeHipChatOptions) {
    super()
    this.#options = options
  }

  settings(origin: string) {
    return { url: `${origin}/v2/room/42/notification`, authToken: this.#options.token }
  }

  protected respond(request: Request): Reply {
    const { pathname, searchParams } = new URL(request.url, "http://hipchat.invalid")
    const [, room] = /^\/v2\/room\/([^/]+)\/notification\/?$/.exec(pathname) ?? []
    if (room === undefined) return { answer: refusal(404, "Not Found", "Room not found") }
    if (request.method !== "POST") return { answer: refusal(405, "Method Not Allowed", "Method not allowed") }
    const authorization = request.headers["authorization"] ?? `Bearer ${searchParams.get("auth_token") ?? ""}`
    if (authorization !== `Bearer ${this.#options.token}`) return { answer: misbehaving.revoked }
    if (searchParams.get("auth_test") === "true") return { answer: accepted }
    const { headers, isWithin } = this.#spend(room, request.at)
    if (!isWithin) return { answer: { ...tooMany, headers: { ...tooMany.headers, ...headers } } }
    if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
      return { answer: refusal(400, "Bad Request", "The content type is not application/json") }
    }
    const payload = parse(request.body)
    if (payload === undefined) {
      return { answer: refusal(400, "Bad Request", "The request body cannot be parsed as valid JSON") }
    }
    const [problem] = validate(payload)
    if (problem !== undefined) return { answer: invalid(problem) }
    return { answer: { status: 204, headers, body: "" }, accepted: { channel: decodeRoom(room), payload } }
  }

  protected misbehave(how: Misbehaviour, { at }: Request): Answer {
    return how === "limited"
      ? { ...tooMany, headers: { ...tooMany.headers, ...limitHeaders("x-ratelimit", 500, 0, at + 30_000) } }
      : misbehaving[how]
  }

  protected render(payload: unknown): Preview.Preview {
    return see(payload)
  }

  /** Each answer reports both limits; the room's flood control is the stricter one. */
  #spend(room: string, at: number): { readonly isWithin: boolean; readonly headers: Answer["headers"] } {
    if (this.#options.limited !== true) return { isWithin: true, headers: {} }
    const flood = this.#room(room, at)
    const token = this.#token("", at)
    return {
      isWithin: flood.isWithin && token.isWithin,
      headers: {
        ...limitHeaders("x-floodcontrol", rates.room.messages, flood.remaining, flood.nextAt),
        ...limitHeaders("x-ratelimit", rates.token.messages, token.remaining, token.nextAt)
      }
    }
  }
}

/** The reset is a time in whole epoch seconds. */
const limitHeaders = (name: string, limit: number, remaining: number, resetAt: number): Answer["headers"] => ({
  [`${name}-limit`]: String(limit),
  [`${name}-remaining`]: String(remaining),
  [`${name}-reset`]: String(Math.ceil(resetAt / 1000))
})

const decodeRoom = (room: string): string => {
  try {
    return decodeURIComponent(room)
  } catch {
    return room
  }
}

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

const json = (status: number, body: unknown): Answer => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body)
})

const refusal = (code: number, type: string, message: string): Answer => json(code, { error: { code, type, message } })

const accepted = json(202, {
  success: { code: 202, type: "Accepted", message: "This auth_token has access to use this method." }
})

const tooMany = refusal(429, "Too Many Requests", "Rate limit exceeded")

const misbehaving: { readonly [How in Exclude<Misbehaviour, "limited">]: Answer } = {
  archived: refusal(404, "Not Found", "Room not found"),
  revoked: refusal(401, "Unauthorized", "Invalid OAuth session"),
  failing: refusal(503, "Service Unavailable", "The service is not available"),
  lying: json(200, { error: { code: 400, type: "Bad Request", message: "The room is archived" } })
}

/** In the words of the service: `Value for field 'notify' is not of type 'boolean'`. */
const invalid = (problem: string): Answer => {
  const [field, what] = problem.split(": ", 2)
  const type = /type '(\w+)'/.exec(problem)?.[1]
  return json(400, {
    error: {
      code: 400,
      type: "Bad Request",
      message: `Value for field '${field}' ${what}`,
      field,
      ...(type !== undefined && { expected_type: type }),
      validation: type === undefined ? "value" : "type"
    }
  })
}
