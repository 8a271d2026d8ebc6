import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { ByteSize, Effect } from "effect"
import { HttpIncomingMessage, type HttpServerRequest } from "effect/http"

/** Options for reading a body. */
export interface ReadOptions {
  /** The most bytes. */
  readonly max: number
  /** Called with the number of bytes that arrived, or that are announced. */
  readonly onBytes?: ((bytes: number) => void) | undefined
}

/**
 * Reads a body of at most `max` bytes, once. Reads nothing of a body whose `Content-Length` is larger. Every alert
 * takes this path, and these listeners need less CPU time than Effect's own reader.
 */
export const readBytes = (
  request: HttpServerRequest.HttpServerRequest,
  { max, onBytes }: ReadOptions
): Effect.Effect<Buffer, "too long" | "broken"> => {
  const stated = Number(request.headers["content-length"] ?? max)
  if (stated > max) return Effect.fail("too long")
  // Effect's reader sends "100 Continue" to callers that wait for it.
  if (request.headers["expect"] !== undefined) {
    return Effect.andThen(
      Effect.sync(() => onBytes?.(stated)),
      byEffect(request, max)
    )
  }
  return Effect.callback((resume) => {
    const source = NodeHttpServerRequest.toIncomingMessage(request)
    const chunks: Array<Buffer> = []
    let length = 0
    const end = (result: Effect.Effect<Buffer, "too long" | "broken">) => {
      stop()
      resume(result)
    }
    const onData = (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length > max) {
        source.pause()
        end(Effect.fail("too long"))
      } else onBytes?.(chunk.length)
    }
    const onEnd = () => end(Effect.succeed(Buffer.concat(chunks, length)))
    const stop = () => source.off("data", onData).off("end", onEnd)
    source.on("data", onData).on("end", onEnd)
    // A sender that disconnects interrupts the read.
    return Effect.sync(stop)
  })
}

const byEffect = (
  request: HttpServerRequest.HttpServerRequest,
  max: number
): Effect.Effect<Buffer, "too long" | "broken"> =>
  request.arrayBuffer.pipe(
    Effect.map((bytes) => Buffer.from(bytes)),
    Effect.mapError(({ reason }) =>
      reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge" ? "too long" : "broken"
    ),
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(max))
  )
