import { InvalidRequest, TooLarge } from "@tocsin/client"
import { fromIssue, invalid, type Invalid } from "@tocsin/delivery"
import { InboundLimits } from "@tocsin/core"
import { Effect, Schema } from "effect"
import type { HttpServerRequest } from "effect/http"
import { type ParseError, parseTree } from "jsonc-parser"

/** The body as text; fails when it is longer than the limit. */
export const readText = (
  request: HttpServerRequest.HttpServerRequest
): Effect.Effect<string, TooLarge | InvalidRequest> =>
  request.text.pipe(
    Effect.mapError(({ reason }) =>
      reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge"
        ? new TooLarge({ detail: `At most ${InboundLimits.maxBodyBytes} bytes` })
        : toInvalidRequest(invalid("", "a body that can be read"))
    )
  )

/** The JSON in the text; the error says at which line and column it is not JSON. */
export const parseJson = (text: string): Effect.Effect<unknown, InvalidRequest> =>
  Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: () => toInvalidRequest(invalid("", "JSON", `The body is not JSON: ${whereNotJson(text)}`))
  })

/** `line 3, column 14 (position 41)`; V8's own message would repeat a part of the body. */
const whereNotJson = (text: string): string => {
  const errors: Array<ParseError> = []
  try {
    parseTree(text, errors, { disallowComments: true })
  } catch {
    return "it is nested too deeply to say where"
  }
  const offset = errors[0]?.offset ?? text.length
  const before = text.slice(0, offset).split("\n")
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1} (position ${offset})`
}

/** Decodes a body; every error is named, and a field that is not known is one. */
export const decodeBody = <S extends Schema.Codec<any, any>>(schema: S) => {
  const decode = Schema.decodeUnknownEffect(Schema.toCodecJson(schema), { errors: "all", onExcessProperty: "error" })
  return (body: unknown): Effect.Effect<S["Type"], InvalidRequest> =>
    Effect.mapError(decode(body), ({ issue }) => toInvalidRequest(fromIssue(issue)))
}

/** The problem document of input that cannot be taken. */
export const toInvalidRequest = ({ errors }: Invalid): InvalidRequest =>
  new InvalidRequest({
    detail: errors
      .map(({ message, path }) => (path === "" ? message : `${path}: ${message}`))
      .slice(0, 3)
      .join("; "),
    errors
  })
