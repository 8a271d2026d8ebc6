import { type Problem, problems, type ValidateOptions } from "./validate.ts"

/** A request to the stand-in, as any HTTP server can hand it over; header names are in lowercase. */
export interface FakeSlackRequest {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string | undefined>
  readonly body: string
  /** When it came, in epoch milliseconds, if the test wants to know it of a message. */
  readonly at?: number
}

/** An answer of the stand-in. */
export interface FakeSlackAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
}

/** A message that the stand-in took. */
export interface FakeSlackMessage {
  readonly url: string
  readonly payload: unknown
  readonly at?: number
}

/**
 * A stand-in for Slack's incoming webhooks that refuses what Slack refuses, and
 * what it would take but show in another way than it was meant (`validate`).
 */
export class FakeSlack {
  /** The messages that were taken, in their order. */
  readonly messages: Array<FakeSlackMessage> = []
  readonly #scripted: Array<FakeSlackAnswer> = []
  readonly #options: ValidateOptions

  constructor(options: ValidateOptions = {}) {
    this.#options = options
  }

  /** Gives these answers to the next requests, one each, whatever they are; only an `ok` with 200 takes the message. */
  script(
    ...answers: ReadonlyArray<{
      readonly status: number
      readonly headers?: Record<string, string>
      readonly body?: string
    }>
  ): void {
    for (const { body = "", headers = {}, status } of answers) {
      this.#scripted.push({ status, headers: { "content-type": "text/html", ...headers }, body })
    }
  }

  /** Answers one request as Slack does, and keeps its message if it is taken. */
  answer(request: FakeSlackRequest): FakeSlackAnswer {
    const payload = parse(request.body)
    const answer = this.#scripted.shift() ?? this.#judge(request, payload)
    if (answer.status === 200 && answer.body === "ok") {
      this.messages.push({ url: request.url, payload, ...(request.at !== undefined && { at: request.at }) })
    }
    return answer
  }

  #judge({ method }: FakeSlackRequest, payload: unknown): FakeSlackAnswer {
    if (method !== "POST") return answered(405, "")
    if (payload === undefined) return answered(400, "invalid_payload")
    const [first]: ReadonlyArray<Problem> = problems(payload, this.#options)
    return first === undefined ? answered(200, "ok") : answered(400, first.code)
  }
}

const answered = (status: number, body: string): FakeSlackAnswer => ({
  status,
  headers: { "content-type": "text/html" },
  body
})

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
