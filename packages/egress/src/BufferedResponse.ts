import { Effect, Inspectable, Option, Pipeable, Stream } from "effect"
import {
  Cookies,
  Headers,
  HttpClientError,
  type HttpClientRequest,
  HttpClientResponse,
  HttpIncomingMessage,
  UrlParams
} from "effect/http"
import type { Body } from "./contentCoding.ts"

/** The part of an answer that was read. */
export interface Collected {
  readonly url: URL
  readonly status: number
  readonly headers: Readonly<Record<string, string | Array<string> | undefined>>
  readonly body: Body
}

/** An answer that has been read. The stream of a broken answer returns the part that arrived, and then fails. */
export class BufferedResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: typeof HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: typeof HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly status: number
  readonly headers: Headers.Headers
  readonly remoteAddress = Option.none()
  readonly #collected: Collected

  constructor(request: HttpClientRequest.HttpClientRequest, collected: Collected) {
    super()
    this.request = request
    this.status = collected.status
    this.headers = Headers.fromInput(collected.headers)
    this.#collected = collected
  }

  get url() {
    const { origin, pathname, search } = this.#collected.url
    return origin + pathname + search
  }

  get cookies() {
    return Cookies.fromSetCookie(this.#collected.headers["set-cookie"] ?? [])
  }

  get stream() {
    const { broken, bytes } = this.#collected.body
    const came = Stream.succeed(bytes)
    return broken === undefined ? came : Stream.concat(came, Stream.fail(this.#decodeError(broken)))
  }

  get arrayBuffer() {
    return this.#read(({ buffer, byteLength, byteOffset }) => buffer.slice(byteOffset, byteOffset + byteLength))
  }

  get text() {
    return this.#read((body) => new TextDecoder().decode(body))
  }

  get json() {
    return Effect.flatMap(this.text, (text) =>
      Effect.try({
        try: () => (text === "" ? null : JSON.parse(text)),
        catch: (error) => this.#decodeError(error)
      })
    )
  }

  get urlParamsBody() {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get formData() {
    return Effect.flatMap(this.arrayBuffer, (body) =>
      Effect.tryPromise({
        try: () => new Response(body, { headers: { "content-type": this.headers["content-type"] ?? "" } }).formData(),
        catch: (error) => this.#decodeError(error)
      })
    )
  }

  get upgrade() {
    const reason = new HttpClientError.StatusCodeError({
      request: this.request,
      response: this,
      description: "No connection is handed over"
    })
    return Effect.fail(new HttpClientError.HttpClientError({ reason }))
  }

  toJSON() {
    return HttpIncomingMessage.inspect(this, { _id: "BufferedResponse", status: this.status })
  }

  pipe() {
    return Pipeable.pipeArguments(this, arguments)
  }

  #read<A>(read: (body: Buffer<ArrayBuffer>) => A): Effect.Effect<A, HttpClientError.HttpClientError> {
    const { broken, bytes } = this.#collected.body
    return broken === undefined ? Effect.sync(() => read(bytes)) : Effect.fail(this.#decodeError(broken))
  }

  #decodeError(cause: unknown) {
    const reason = new HttpClientError.DecodeError({ request: this.request, response: this, cause })
    return new HttpClientError.HttpClientError({ reason })
  }
}
