/**
 * Requests as no well-behaved client sends them.
 */
import { Effect, Schema } from "effect"
import { Agent, type IncomingMessage, request } from "node:http"

/** A request, byte for byte but for what HTTP itself needs. */
export interface RawRequest {
  readonly method: string
  readonly path: string
  readonly headers?: { readonly [name: string]: string }
  /** Several parts are sent in chunks, without a Content-Length. */
  readonly body?: string | Uint8Array | ReadonlyArray<Uint8Array>
}

/** What came back. */
export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingMessage["headers"]
  readonly text: string
}

/** No whole answer came: the connection broke, or nothing came for half a minute. */
export class NoAnswer extends Schema.TaggedError<NoAnswer>()("NoAnswer", {
  message: Schema.String,
  mayRepeat: Schema.Boolean
}) {}

/** Sends the request to the gateway at `url`. */
export const send = (url: string, raw: RawRequest): Effect.Effect<RawAnswer, NoAnswer> =>
  // The end of a connection that was kept open may cross the next request.
  Effect.catchIf(
    once(url, raw, keepingAlive),
    ({ mayRepeat }) => mayRepeat,
    () => once(url, raw, false)
  )

const once = (url: string, { body = "", headers = {}, method, path }: RawRequest, agent: Agent | false) =>
  Effect.callback<RawAnswer, NoAnswer>((resume) => {
    const parts = typeof body === "string" ? [Buffer.from(body)] : body instanceof Uint8Array ? [body] : body
    const isWhole = typeof body === "string" || body instanceof Uint8Array
    const framing = isWhole ? { "content-length": String(parts[0]?.length ?? 0) } : { "transfer-encoding": "chunked" }
    const options = { agent, method, path, headers: { ...framing, ...headers }, timeout: 300_000 }
    let isAnswered = false
    const fail = ({ message }: Error) => {
      resume(Effect.fail(new NoAnswer({ message, mayRepeat: sent.reusedSocket && message !== silence })))
    }
    const sent = request(url, options, (answer) => {
      isAnswered = true
      const chunks: Array<Buffer> = []
      answer.on("data", (chunk: Buffer) => chunks.push(chunk))
      answer.on("error", fail)
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString()
        resume(Effect.succeed({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
      })
    })
    sent.on("timeout", () => sent.destroy(new Error(silence)))
    // A gateway that has answered need not read the rest of a body.
    sent.on("error", (error) => (isAnswered ? undefined : fail(error)))
    for (const part of parts) sent.write(part)
    sent.end()
    return Effect.sync(() => sent.destroy())
  })

const silence = "Nothing came for half a minute"

const keepingAlive = new Agent({ keepAlive: true, maxSockets: 64 })
