/**
 * Undoes the compression of an answer's body: some services compress although the client asks for no compression.
 */
import { Effect } from "effect"
import { constants, createBrotliDecompress, createInflateRaw, createUnzip } from "node:zlib"
import { UnreadableAnswer } from "./unreadableAnswer.ts"

/** The longest body that is decompressed, in bytes, as a protection against decompression bombs. */
export const maxDecodedBytes = 65_536

/** The body of an answer. `broken` says why it ends early. */
export interface Body {
  readonly bytes: Buffer<ArrayBuffer>
  readonly broken: Error | undefined
}

/** Decodes the `Content-Encoding`, to at most 64 KiB and one chunk of zlib (16 KiB). */
export const decode = Effect.fnUntraced(function* (body: Body, contentEncoding: string): Effect.fn.Return<Body> {
  const codings = contentEncoding
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((coding) => coding !== "" && coding !== "identity")
  let decoded = body
  for (const coding of codings.reverse()) {
    if (decoded.bytes.length === 0) return decoded
    const { broken, bytes } = yield* decodeOne(decoded.bytes, coding)
    decoded = { bytes, broken: decoded.broken ?? broken }
  }
  return decoded
})

const decodeOne = (bytes: Buffer, coding: string): Effect.Effect<Body> =>
  Effect.callback((resume) => {
    const decoder = decoderFor(coding, bytes)
    const chunks: Array<Buffer> = []
    let length = 0
    const end = (broken?: Error) => {
      decoder?.destroy()
      resume(Effect.succeed({ bytes: Buffer.concat(chunks), broken }))
    }
    if (decoder === undefined) return end(new UnreadableAnswer(`Its content coding is not supported: ${coding}`))
    decoder.on("data", (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length >= maxDecodedBytes) end(new UnreadableAnswer("It is longer than 64 KiB when it is decompressed"))
    })
    decoder.on("end", () => end())
    decoder.on("error", () => end(new UnreadableAnswer(`Its ${coding} is damaged`)))
    decoder.end(bytes)
    return Effect.sync(() => void decoder.destroy())
  })

/** Without `finishFlush` zlib returns nothing of a truncated body. */
const decoderFor = (coding: string, bytes: Buffer) => {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return createUnzip({ finishFlush: constants.Z_SYNC_FLUSH })
    case "deflate":
      return isZlib(bytes)
        ? createUnzip({ finishFlush: constants.Z_SYNC_FLUSH })
        : createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH })
    case "br":
      return createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH })
    default:
      return undefined
  }
}

/** Some services send deflate without the header that its format has (RFC 1950, 2.2). */
const isZlib = (bytes: Buffer): boolean =>
  bytes.length >= 2 && ((bytes[0] ?? 0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0
