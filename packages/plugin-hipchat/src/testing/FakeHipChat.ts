import { validate } from "./validate.ts"

/** An HTTP request as the fake sees it; `url` may be whole or from the path on. */
export interface Request {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/** An HTTP answer. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * A stand-in for HipChat's room notifications: it takes one token for every room,
 * answers as the service does, and keeps the messages that it took. It knows no
 * network; a test's HTTP client or server hands it the requests.
 *
 * It refuses all that `validate` finds, which is more than the service would.
 */
export class FakeHipChat {
  /** The messages that were taken, oldest first. */
  readonly messages: Array<{ url: string; payload: unknown }> = []
  readonly #token: string
  readonly #scripted: Array<Partial<Answer>> = []

  constructor({ token }: { readonly token: string }) {
    this.#token = token
  }

  /** The answers to the next requests, in place of its own; a message that is answered so is not taken. */
  script(...answers: ReadonlyArray<Partial<Answer>>): void {
    this.#scripted.push(...answers)
  }

  /** Answers a request, and keeps the message if it is one. */
  answer(request: Request): Answer {
    const scripted = this.#scripted.shift()
    if (scripted !== undefined) return { status: 204, headers: {}, body: "", ...scripted }
    const { pathname, searchParams } = new URL(request.url, "http://hipchat.example")
    if (!/^\/v2\/room\/[^/]+\/notification\/?$/.test(pathname)) return refusal(404, "Not Found", "Room not found")
    if (request.method !== "POST") return refusal(405, "Method Not Allowed", "Method not allowed")
    const authorization = header(request, "authorization") ?? `Bearer ${searchParams.get("auth_token") ?? ""}`
    if (authorization !== `Bearer ${this.#token}`) return refusal(401, "Unauthorized", "Invalid OAuth session")
    if (searchParams.get("auth_test") === "true") return accepted
    if (!/^application\/json\b/.test(header(request, "content-type") ?? "")) {
      return refusal(400, "Bad Request", "The content type is not application/json")
    }
    const payload = parse(request.body)
    if (payload === undefined) return refusal(400, "Bad Request", "The request body cannot be parsed as valid JSON")
    const [problem] = validate(payload)
    if (problem !== undefined) return invalid(problem)
    this.messages.push({ url: request.url, payload })
    return { status: 204, headers: {}, body: "" }
  }
}

const header = ({ headers }: Request, name: string): string | undefined =>
  Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]

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
