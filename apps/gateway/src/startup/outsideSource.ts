/**
 * Sources of other packages: how a gateway recognises them, and what it does if their code fails.
 */
import { AlertEvent, PluginDefect } from "@tocsin/core"
import { defineSource, type Decoded, type Source } from "@tocsin/sources"
import { Cause, Effect, Predicate, Schema } from "effect"

/** Whether a package means a value to be a source: an object with a type and a decoder. */
export const isMeantAsSource = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Schema.isSchema(value) && "type" in value && "decode" in value

/** Whether a value is a complete source. */
export const isSource = (value: object): value is Source => faultOf(value) === undefined

/** Returns what is wrong with a source, as the end of a sentence that begins with "it"; undefined if nothing is. */
export const faultOf = (source: object): string | undefined => {
  const type: unknown = Reflect.get(source, "type")
  if (typeof type !== "string" || !/^[a-z0-9-]{1,64}$/.test(type)) {
    return "exports a source whose type is not 1 to 64 lowercase letters, digits and hyphens"
  }
  const missing = Object.entries(declared).find(([field, isField]) => !isField(Reflect.get(source, field)))
  if (missing !== undefined) return `exports the source ${type} without ${missing[0]}, or with one that does not fit`
  return Reflect.get(source, "settings") === undefined || Predicate.isObject(Reflect.get(source, "example"))
    ? undefined
    : `exports the source ${type} with settings, but without an example of them`
}

const declared: { readonly [field: string]: (value: unknown) => boolean } = {
  title: Predicate.isString,
  decode: Predicate.isFunction,
  settings: (value) => value === undefined || Schema.isSchema(value),
  setup: (value) => value === undefined || Array.isArray(value),
  toJson: (value) => value === undefined || Predicate.isFunction(value)
}

/**
 * Returns the source with a decoder that cannot fail: if the package's throws, or makes an event that is none, the body
 * is unreadable, so that it is kept and operators are notified.
 */
export const guarded = (source: Source): Source =>
  defineSource({
    ...source,
    decode: (body, options) =>
      Effect.suspend(() => source.decode(body, options)).pipe(
        Effect.map((decoded) => checked(source, decoded, options.source)),
        Effect.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause)
            ? Effect.failCause(cause)
            : failed(source, Cause.squash(cause), options.settings)
        )
      ),
    ...(source.toJson !== undefined && {
      toJson: (request) => {
        try {
          return source.toJson?.(request) ?? request.text
        } catch {
          // Its decoder finds out what is wrong with the body.
          return request.text
        }
      }
    })
  })

/** The events of a source are about its own alerts. */
const checked = (source: Source, decoded: Decoded, name: string): Decoded => {
  if (!isDecoded(decoded)) return unreadable(source, "returns neither events, a test, nor a reason")
  if (decoded._tag !== "Events") return decoded
  if (!decoded.events.every(isEvent)) {
    return unreadable(source, "makes an event that lacks a field, or has one of another type")
  }
  return { ...decoded, events: decoded.events.map((event) => ({ ...event, source: name })) }
}

const isEvent = Schema.is(AlertEvent)

const isDecoded = Schema.is(
  Schema.Union([
    Schema.Struct({ _tag: Schema.Literal("Events"), events: Schema.Array(Schema.Unknown) }),
    Schema.Struct({ _tag: Schema.Literal("Test") }),
    Schema.Struct({ _tag: Schema.Literal("Unreadable"), why: Schema.String })
  ])
)

/** Logs where the decoder failed, without the error's message, which may quote the body. */
const failed = Effect.fnUntraced(function* (
  source: Source,
  error: unknown,
  settings: unknown
): Effect.fn.Return<Decoded> {
  const { kind, stack } = PluginDefect.of("decode", error).redacted(settings)
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line))
  yield* Effect.annotateLogs(Effect.logError(`The source ${source.type} failed: ${[kind, ...frames].join("\n")}`), {
    event: "source-failed",
    type: source.type
  })
  return unreadable(source, `fails with ${kind}`)
})

const unreadable = (source: Source, why: string): Decoded => ({
  _tag: "Unreadable",
  why: `the body: The decoder of the source ${source.type} ${why}. Its author can see this with the conformance suite of @tocsin/sources`
})
