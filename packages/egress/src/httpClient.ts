/**
 * The HTTP client of all plugins. It exists for its speed: a post through undici's `dispatch`, whose answer is
 * collected here, takes less than half the CPU time of `NodeHttpClient`.
 */
// oxlint-disable-next-line import/named -- undici is CommonJS; the linter does not see through its re-export
import { type Dispatcher, errors } from "@effect/platform-node/Undici"
import { HttpChannel } from "@tocsin/core"
import { Context, Effect, type Fiber, Option, Result } from "effect"
import { HttpClient, HttpClientError, type HttpClientRequest, Url } from "effect/http"
import { unescape } from "node:querystring"
import { answeredStatus } from "./answeredStatus.ts"
import { BufferedResponse, type Collected } from "./BufferedResponse.ts"
import { decode } from "./contentCoding.ts"
import { NotSent } from "./dispatcher.ts"
import { failureText } from "./failureText.ts"
import { UnreadableAnswer } from "./unreadableAnswer.ts"

/** The longest body of an answer that is read, in bytes: channels answer with a line, or a page of JSON. */
export const maxAnswerBytes = 1_048_576

/** How long an answer may take from the end of its headers to its own end. */
const bodyTimeout = "5 seconds"

/** Options of the client. */
export interface Options {
  /** The `User-Agent` of requests that have none. */
  readonly userAgent: string
  /** Why a URL may not be called; undefined if the connection is checked instead. */
  readonly refusalOf: (url: URL) => Effect.Effect<Error | undefined> | undefined
}

/**
 * Makes a client that sends through the dispatcher. It returns an answer once it is complete, follows no redirects and
 * makes no spans; it aborts a request when its caller is interrupted, and writes none that `HttpChannel.MaySend` no longer
 * allows once it is connected.
 *
 * A user and a password in the URL are sent as Basic authentication, unless the request has another. A body that is a
 * stream or a form fails with an `EncodeError`.
 *
 * Bodies in gzip, deflate and br are decompressed, up to 64 KiB. An answer that breaks off, is longer than
 * `maxAnswerBytes`, does not end within five seconds or cannot be parsed has its status, and its headers if they were
 * read; its stream returns the part of the body that arrived and then fails with a `DecodeError`.
 */
export const make = (dispatcher: Dispatcher, options: Options): HttpClient.HttpClient =>
  HttpClient.makeWith<never, never, HttpClientError.HttpClientError, never>(
    Effect.flatMap((request) => send(dispatcher, request, options)),
    Effect.succeed
  )

const send = (
  dispatcher: Dispatcher,
  request: HttpClientRequest.HttpClientRequest,
  { refusalOf, userAgent }: Options
): Effect.Effect<BufferedResponse, HttpClientError.HttpClientError> => {
  const parsed = Url.make(request.url, request.urlParams, Option.getOrUndefined(request.hash))
  if (Result.isFailure(parsed)) {
    return fail(new HttpClientError.InvalidUrlError({ request, cause: parsed.failure }))
  }
  const body = sendable(request)
  if (body === undefined) {
    return fail(new HttpClientError.EncodeError({ request, description: "Only text and bytes can be sent" }))
  }
  const url = parsed.success
  const exchange = Effect.contextWith((services: Context.Context<never>) =>
    dispatch(dispatcher, { request, url, body, userAgent, services })
  )
  const refusal = refusalOf(url)
  return refusal === undefined
    ? exchange
    : Effect.flatMap(refusal, (cause) =>
        cause === undefined ? exchange : fail(new HttpClientError.TransportError({ request, cause }))
      )
}

/** A request that can be sent. */
interface Sendable {
  readonly request: HttpClientRequest.HttpClientRequest
  readonly url: URL
  readonly body: Uint8Array | string | null
  readonly userAgent: string
  readonly services: Context.Context<never>
}

const dispatch = (
  dispatcher: Dispatcher,
  { body, request, services, url, userAgent }: Sendable
): Effect.Effect<BufferedResponse, HttpClientError.HttpClientError> =>
  Effect.callback((resume) => {
    const chunks: Array<Buffer> = []
    let length = 0
    let head: Pick<Collected, "status" | "headers"> | undefined
    let controller: Dispatcher.DispatchController | undefined
    let aborted: Error | undefined
    let isOver = false
    let timer: Fiber.Fiber<void> | undefined
    const abort = (error: Error) => {
      aborted = error
      controller?.abort(error)
    }
    const end = (error?: Error) => {
      if (isOver) return
      isOver = true
      timer?.interruptUnsafe()
      const status = error === undefined ? undefined : answeredStatus(error)
      if (status !== undefined) head ??= { status, headers: {} }
      if (head === undefined) return resume(fail(new HttpClientError.TransportError({ request, cause: error })))
      const broken = error === undefined ? undefined : unreadable(error)
      resume(respond(request, { url, ...head, body: { bytes: Buffer.concat(chunks, length), broken } }))
    }
    const cutOff = (error: Error) => {
      end(error)
      abort(error)
    }
    /** Most answers arrive at once, and need no timer. */
    const startTimer = () => {
      if (isOver) return
      const late = Effect.sync(() => cutOff(new UnreadableAnswer("It did not end within 5 seconds")))
      timer = Effect.runForkWith(services)(Effect.delay(late, bodyTimeout))
    }
    try {
      dispatcher.dispatch(
        {
          origin: url.origin,
          path: url.pathname + url.search,
          method: request.method,
          headers: { "accept-encoding": "identity", "user-agent": userAgent, ...basic(url), ...request.headers },
          body,
          // The engine times each attempt as a whole.
          headersTimeout: 0,
          bodyTimeout: 0
        },
        {
          onRequestStart(started) {
            controller = started
            if (!Context.get(services, HttpChannel.MaySend)()) aborted ??= new NotSent("Its lane is no longer here")
            if (aborted !== undefined) controller.abort(aborted)
          },
          onResponseStart(_, status, headers) {
            // Informational statuses precede the answer.
            if (status < 200) return
            head = { status, headers }
            queueMicrotask(startTimer)
          },
          onResponseData(_, chunk) {
            chunks.push(chunk)
            length += chunk.length
            if (length > maxAnswerBytes) cutOff(new UnreadableAnswer(`It is longer than ${maxAnswerBytes} bytes`))
          },
          onResponseEnd: () => end(),
          onResponseError: (_, error) => end(error)
        }
      )
    } catch (error) {
      resume(fail(new HttpClientError.TransportError({ request, cause: error })))
    }
    return Effect.sync(() => {
      isOver = true
      timer?.interruptUnsafe()
      abort(new Error("The request was interrupted"))
    })
  })

/** Returns the answer with its body decompressed. */
const respond = (
  request: HttpClientRequest.HttpClientRequest,
  collected: Collected
): Effect.Effect<BufferedResponse> => {
  const { "content-encoding": coding, "content-length": _, ...headers } = collected.headers
  return coding === undefined
    ? Effect.succeed(new BufferedResponse(request, collected))
    : Effect.map(
        decode(collected.body, String(coding)),
        (body) => new BufferedResponse(request, { ...collected, headers, body })
      )
}

/** The error of an answer whose status arrived, in words for the operator. */
const unreadable = (error: Error): UnreadableAnswer => {
  if (error instanceof UnreadableAnswer) return error
  if (error instanceof errors.HeadersOverflowError) return new UnreadableAnswer("Its headers are longer than 64 KiB")
  if (error instanceof errors.SocketError) return new UnreadableAnswer("The service closed the connection within it")
  return new UnreadableAnswer(failureText(error))
}

/** A user and a password in a URL, as a header (RFC 7617). */
const basic = ({ password, username }: URL): { readonly authorization?: string } =>
  username === "" && password === ""
    ? {}
    : { authorization: `Basic ${Buffer.from(`${unescape(username)}:${unescape(password)}`).toString("base64")}` }

const fail = (reason: HttpClientError.RequestError) => Effect.fail(new HttpClientError.HttpClientError({ reason }))

const sendable = ({ body, headers }: HttpClientRequest.HttpClientRequest): Uint8Array | string | null | undefined => {
  if (headers["upgrade"] !== undefined) return undefined
  if (body._tag === "Empty") return null
  if (body._tag === "Uint8Array") return body.body
  return body._tag === "Raw" && (typeof body.body === "string" || body.body instanceof Uint8Array)
    ? body.body
    : undefined
}
