import { InvalidRequest, TooLarge, UnsupportedMediaType } from "@tocsin/client"
import { fromIssue, invalid, InvalidInput, pointer } from "@tocsin/delivery"
import { InboundLimits } from "@tocsin/core"
import { Effect, Schema } from "effect"
import type { HttpServerRequest } from "effect/http"
import { visit } from "jsonc-parser"
import { isAscii } from "node:buffer"
import { readBytes } from "./readBytes.ts"

/** A body as text. */
export interface Body {
  /** What cannot be read as UTF-8 is replaced by U+FFFD. */
  readonly text: string
  /** The first byte that is not UTF-8. */
  readonly notUtf8At: number | undefined
}

/** Reads a body, unless it is compressed, too long or not in UTF-8. Headers are judged before the body is read. */
export const readBody = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest
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
  const bytes = yield* Effect.mapError(readBytes(request, InboundLimits.maxBodyBytes), (why) =>
    why === "too long"
      ? new TooLarge({ detail: `At most ${InboundLimits.maxBodyBytes} bytes` })
      : toInvalidRequest(invalid("", "a body that can be read"))
  )
  if (!isUtf8 && !isAscii(bytes)) {
    return yield* new UnsupportedMediaType({
      detail:
        "The body has characters beyond ASCII, and its Content-Type names another charset than UTF-8: send it in UTF-8"
    })
  }
  const text = bytes.toString()
  return { text: text.replace(/^\uFEFF/, ""), notUtf8At: notUtf8At(bytes, text) }
})

/** The charsets in which ASCII is written as in UTF-8; senders name them by mistake (RFC 8259, section 11: JSON has no charset). */
const extendsAscii = /^(?:(?:us-)?ascii|iso-?8859-?\d{1,2}|latin-?\d{1,2}|windows-125\d)$/i

/** The first byte at which `text`, as which `bytes` were read, has a U+FFFD that was not sent. */
const notUtf8At = (bytes: Buffer, text: string): number | undefined => {
  let at = 0
  let from = 0
  for (let found = text.indexOf("\uFFFD"); found >= 0; found = text.indexOf("\uFFFD", from)) {
    at += Buffer.byteLength(text.slice(from, found))
    if (bytes[at] !== 0xef || bytes[at + 1] !== 0xbf || bytes[at + 2] !== 0xbd) return at
    at += 3
    from = found + 1
  }
  return undefined
}

/** What to make of a field that an object has twice: `refuse` it, or take the `last` as `JSON.parse` does. */
type Repeated = "refuse" | "last"

/** The JSON in a body, in which no field may be twice. */
export const parseJson = (body: Body): Effect.Effect<unknown, InvalidRequest> =>
  Effect.map(checkedJson(body, "refuse"), (text): unknown => JSON.parse(text))

/**
 * The text of a body that is JSON; the error says at which line and column it is not. What no store can hold, NUL and
 * halves of surrogate pairs, becomes U+FFFD.
 */
export const checkedJson = ({ notUtf8At, text }: Body, repeated: Repeated): Effect.Effect<string, InvalidRequest> =>
  Effect.try({
    try: () => {
      if (notUtf8At !== undefined) throw invalid("", "UTF-8", `The body is not UTF-8: byte ${notUtf8At} does not fit`)
      const storable = text.replace(escapes, (escape, pair?: string) =>
        pair === undefined && /^\\u(?:0000|d)/i.test(escape) ? "\\ufffd" : escape
      )
      check(storable, repeated)
      return storable
    },
    catch: (error) =>
      toInvalidRequest(error instanceof InvalidInput ? error : invalid("", "JSON", "The body is not JSON"))
  })

/** Every escape of a JSON text; of a surrogate pair both halves, with the second captured. */
const escapes = /\\(?:u(?:0000|d[89ab][0-9a-f]{2}(\\ud[c-f][0-9a-f]{2})?|d[c-f][0-9a-f]{2})|.)/gi

/** Throws what is wrong with the text first. */
const check = (text: string, repeated: Repeated): void => {
  if (/^\s*$/.test(text)) throw invalid("", "JSON", "The body is empty")
  const names: Array<Set<string>> = []
  const open = (offset: number, _: number, line: number, column: number) => {
    if (names.push(new Set()) <= InboundLimits.maxDepth) return
    throw invalid(
      "",
      `at most ${InboundLimits.maxDepth} levels of nesting`,
      `The body is nested more than ${InboundLimits.maxDepth} levels deep at ${place(offset, line, column)}`
    )
  }
  const close = () => void names.pop()
  visit(
    text,
    {
      onObjectBegin: open,
      onArrayBegin: open,
      onObjectEnd: close,
      onArrayEnd: close,
      onObjectProperty: (name, _offset, _length, _line, _column, path) => {
        const known = names.at(-1)
        if (repeated === "refuse" && known?.has(name)) {
          throw invalid(pointer([...path(), name].map(String)), "each field once", "The object has this field twice")
        }
        known?.add(name)
      },
      // V8's own message would repeat a part of the body.
      onError: (_, offset, _length, line, column) => {
        throw invalid("", "JSON", `The body is not JSON: ${place(offset, line, column)}`)
      }
    },
    { disallowComments: true }
  )
}

/** `line 3, column 14 (position 41)` */
const place = (offset: number, line: number, column: number): string =>
  `line ${line + 1}, column ${column + 1} (position ${offset})`

/** Decodes a body; every error is named, and a field that is not known is one. */
export const decodeBody = <S extends Schema.Codec<any, any>>(schema: S) => {
  const decode = Schema.decodeUnknownEffect(Schema.toCodecJson(schema), { errors: "all", onExcessProperty: "error" })
  return (body: unknown): Effect.Effect<S["Type"], InvalidRequest> =>
    Effect.mapError(decode(body), ({ issue }) => toInvalidRequest(fromIssue(issue)))
}

/** More of what is wrong with one body helps nobody. */
const maxErrors = 100

/** The problem document of input that cannot be taken. */
export const toInvalidRequest = ({ errors }: InvalidInput): InvalidRequest =>
  new InvalidRequest({
    detail: [
      ...errors.slice(0, 3).map(({ message, path }) => (path === "" ? message : `${path}: ${message}`)),
      ...(errors.length > maxErrors ? [`${errors.length} errors in all, of which ${maxErrors} are listed`] : [])
    ].join("; "),
    errors: errors.slice(0, maxErrors)
  })
