import {
  type InvalidRequest,
  type NotFound,
  type TooLarge,
  type Tried,
  TrySource,
  type UnsupportedMediaType
} from "@tocsin/client"
import { InboundLimits } from "@tocsin/core"
import { fromIssue, invalid, type StoreUnavailable } from "@tocsin/delivery"
import { decodeSettings, type Decoded, Json, type Options, readNumber, type Source } from "@tocsin/sources"
import { DateTime, Effect, Schema } from "effect"
import type { HttpServerRequest } from "effect/http"
import { SourceTypes } from "../../startup/SourceTypes.ts"
import { readBody } from "../body/readBody.ts"
import { readJson } from "../body/readJson.ts"
import { toInvalidRequest } from "../body/toInvalidRequest.ts"
import { Inlets, type InletUnavailable } from "./inlets.ts"

/** Shows the alerts that a sample would make at the source of this name. Stores nothing. */
export const trySource = Effect.fnUntraced(function* (
  name: string,
  request: HttpServerRequest.HttpServerRequest
): Effect.fn.Return<
  typeof Tried.Type,
  InletUnavailable | InvalidRequest | NotFound | StoreUnavailable | TooLarge | UnsupportedMediaType,
  Inlets
> {
  const { value } = yield* readJson(yield* readBody(request), json)
  const { sample, ...entered } = yield* Effect.mapError(decode(value), ({ issue }) =>
    toInvalidRequest(fromIssue(issue))
  )
  const { defaults, settings, source } =
    entered.type === undefined ? yield* savedSource(name, entered) : yield* enteredSource(entered, entered.type)
  const body = typeof sample === "string" ? yield* parsed(textOf(source, sample)) : sample
  const options: Options = { source: name, settings, defaults, receivedAt: yield* DateTime.now }
  return shown(yield* source.decode(body, options))
})

type Entered = Omit<typeof TrySource.Type, "sample">

/** The saved source of this name, or the built-in type. */
const savedSource = Effect.fnUntraced(function* (name: string, { defaults, mapping, settings }: Entered) {
  if (mapping !== undefined || settings !== undefined) {
    return yield* toInvalidRequest(invalid("/type", "the type of the source, because its settings are entered"))
  }
  const inlet = yield* (yield* Inlets).find(name)
  return { source: inlet.type, settings: inlet.settings, defaults: defaults ?? inlet.defaults }
})

/** The source as it would be saved. */
const enteredSource = Effect.fnUntraced(function* ({ defaults = {}, mapping, settings }: Entered, type: string) {
  const types = yield* SourceTypes
  const source = types.get(type)
  if (source === undefined) {
    return yield* toInvalidRequest(invalid("/type", `one of ${[...types.keys()].toSorted().join(", ")}`))
  }
  const at = type === Json.type ? "/mapping" : "/settings"
  const given = type === Json.type ? (mapping ?? settings) : settings
  const decoded = yield* Effect.mapError(decodeSettings(source, given ?? {}), ({ issue }) =>
    toInvalidRequest(fromIssue(issue, at, given))
  )
  return { source, settings: decoded, defaults }
})

/** A sample in a text arrives as a body without headers. */
const textOf = (source: Source, text: string) => source.toJson?.({ headers: {}, text }) ?? text

const parsed = (text: string) =>
  readJson({ text, notUtf8At: undefined }, json).pipe(
    Effect.map(({ value }) => value),
    Effect.mapError(({ errors: [error] }) =>
      toInvalidRequest(invalid("/sample", "JSON", error?.message.replace("The body", "The sample")))
    )
  )

const shown = (decoded: Decoded): typeof Tried.Type => {
  const none = { alerts: [], isTest: false, notes: [], unreadable: 0 }
  switch (decoded._tag) {
    case "Test":
      return { ...none, isTest: true }
    case "Unreadable":
      return { ...none, unreadable: 1, why: decoded.why }
    case "Events": {
      const { events, missed, notes = [] } = decoded
      const read = { ...none, alerts: events, notes }
      return missed === undefined ? read : { ...read, unreadable: missed.count, why: missed.why }
    }
  }
}

const decode = Schema.decodeUnknownEffect(TrySource, { errors: "all", onExcessProperty: "error" })

/** Options that keep every digit of ids. */
const json = { maxValues: InboundLimits.maxValues, repeated: "last", number: readNumber } as const
