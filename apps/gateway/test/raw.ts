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

/** No whole answer came: the connection broke, or nothing came for ten seconds. */
export class NoAnswer extends Schema.TaggedError<NoAnswer>()("NoAnswer", { message: Schema.String }) {}

/** Sends the request to the gateway at `url`. */
export const send = (url: string, { body = [], headers = {}, method, path }: RawRequest) =>
  Effect.callback<RawAnswer, NoAnswer>((resume) => {
    const parts = typeof body === "string" ? [Buffer.from(body)] : body instanceof Uint8Array ? [body] : body
    const isWhole = typeof body === "string" || body instanceof Uint8Array
    const length = isWhole && !("content-length" in headers) ? { "content-length": String(parts[0]?.length ?? 0) } : {}
    let answered = false
    const fail = (error: Error) => {
      // A gateway that has answered need not read the rest of a body.
      if (!answered) resume(Effect.fail(new NoAnswer({ message: error.message })))
    }
    const sent = request(
      url,
      { agent, method, path, headers: { ...length, ...headers }, timeout: 10_000 },
      (answer) => {
        answered = true
        const chunks: Array<Buffer> = []
        answer.on("data", (chunk: Buffer) => chunks.push(chunk))
        answer.on("error", (error) => resume(Effect.fail(new NoAnswer({ message: error.message }))))
        answer.on("end", () =>
          resume(
            Effect.succeed({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              text: Buffer.concat(chunks).toString()
            })
          )
        )
      }
    )
    sent.on("timeout", () => sent.destroy(new Error("No answer within ten seconds")))
    sent.on("error", fail)
    for (const part of parts) sent.write(part)
    sent.end()
    return Effect.sync(() => sent.destroy())
  })

const agent = new Agent({ keepAlive: true, maxSockets: 64 })
