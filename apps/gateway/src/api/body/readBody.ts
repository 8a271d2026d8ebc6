import { type InvalidRequest, TooLarge, UnsupportedMediaType } from "@tocsin/client"
import { invalid } from "@tocsin/delivery"
import { InboundLimits } from "@tocsin/core"
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import { isAscii, isUtf8 } from "node:buffer"
import { toInvalidRequest } from "./toInvalidRequest.ts"
import { type ReadOptions, readBytes } from "./readBytes.ts"

/** A body as text. */
export interface Body {
  /** U+FFFD replaces bytes that are not UTF-8. */
  readonly text: string
  /** The first byte that is not UTF-8. */
  readonly notUtf8At: number | undefined
  /** The body as it was sent. */
  readonly bytes: Buffer
}

/** Reads a body, unless it is compressed, too long or not in UTF-8. Checks the headers before it reads the body. */
export const readBody = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  options: ReadOptions = { max: InboundLimits.maxBodyBytes }
): Effect.fn.Return<Body, InvalidRequest | TooLarge | UnsupportedMediaType> {
  const { "content-encoding": encoding = "identity", "content-type": type = "" } = request.headers
  if (encoding.toLowerCase() !== "identity") {
    return yield* new UnsupportedMediaType({ detail: "Send the body as it is, without a Content-Encoding" })
  }
  const [, charset = "utf-8"] = /;\s*charset\s*=\s*["']?([^\s"';]*)/i.exec(type) ?? []
  const isUtf8 = /^utf-?8$/i.test(charset)
  if (!isUtf8 && !extendsAscii.test(charset)) {
    return yield* new UnsupportedMediaType({ detail: "Send the body in UTF-8" })
  }
  const bytes = yield* Effect.mapError(readBytes(request, options), (why) =>
    why === "too long"
      ? new TooLarge({ detail: `At most ${options.max} bytes` })
      : toInvalidRequest(invalid("", "a body that can be read"))
  )
  if (!isUtf8 && !isAscii(bytes)) {
    return yield* new UnsupportedMediaType({
      detail:
        "The body has characters beyond ASCII, and its Content-Type names another charset than UTF-8: send it in UTF-8"
    })
  }
  const text = bytes.toString()
  return { text: text.replace(/^\uFEFF/, ""), notUtf8At: notUtf8At(bytes, text), bytes }
})

/**
 * The charsets that equal UTF-8 for ASCII; senders name them by mistake (RFC 8259, section 11: JSON has no charset).
 */
const extendsAscii = /^(?:(?:us-)?ascii|iso-?8859-?\d{1,2}|latin-?\d{1,2}|windows-125\d)$/i

/** The first byte that was replaced by U+FFFD when `bytes` were decoded to `text`. */
const notUtf8At = (bytes: Buffer, text: string): number | undefined => {
  if (isUtf8(bytes)) return undefined
  // Encoding the text again changes the bytes that were replaced.
  const replaced = Buffer.from(text)
  let [from, to] = [0, bytes.length]
  while (to - from > 1) {
    const middle = (from + to) >> 1
    if (bytes.compare(replaced, from, middle, from, middle) === 0) from = middle
    else to = middle
  }
  return from
}
