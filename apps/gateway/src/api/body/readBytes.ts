import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { ByteSize, Effect } from "effect"
import { HttpIncomingMessage, type HttpServerRequest } from "effect/http"

/**
 * Reads a body of at most `max` bytes, once. Every alert comes this way, and these listeners take less of the
 * processor's time than Effect's own reader.
 */
export const readBytes = (
  request: HttpServerRequest.HttpServerRequest,
  max: number
): Effect.Effect<Buffer, "too long" | "broken"> => {
  // Who waits for "100 Continue" is told to go on by Effect's.
  if (request.headers["expect"] !== undefined) return byEffect(request, max)
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
      if (length <= max) return
      source.pause()
      end(Effect.fail("too long"))
    }
    const onEnd = () => end(Effect.succeed(Buffer.concat(chunks, length)))
    const stop = () => source.off("data", onData).off("end", onEnd)
    source.on("data", onData).on("end", onEnd)
    // A sender that goes away interrupts.
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
