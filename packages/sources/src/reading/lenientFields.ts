import { cut, InboundLimits, Link } from "@tocsin/core"
import { Effect, Option, Schema, SchemaTransformation } from "effect"

/** A name or any other text: trimmed, with entities decoded, and cut to 4,096 characters. Numbers are texts too. */
export const Text = textFrom((stated) => cut(withoutEntities(stated).trim(), InboundLimits.maxTextLength))

/** A text of a format that does not escape: as `Text`, without decoding entities. */
export const Plain = textFrom((stated) => cut(stated.trim(), InboundLimits.maxTextLength))

/** An id, stated as a string or as a number; cut to 512 characters. */
export const Id = textFrom((stated) => cut(stated.trim(), InboundLimits.maxIdLength))

/** A link in its text form. */
export const TextLink = Schema.toCodecJson(Link)

/** A field that is taken if it can be read and is absent if not: one odd value must not lose an alert. */
export const ifReadable = <S extends Schema.Constraint>(schema: S) =>
  Schema.optionalKey(Schema.catchDecoding<S>(() => Effect.succeedNone)(schema))

/** The fields of any object; absent if it is none. */
export const Fields = ifReadable(Schema.Record(Schema.String, Schema.Unknown))

/** A list of anything; absent if it is null or no list. Its members are not looked at, however many there are. */
export const List = ifReadable(
  Schema.declare((stated: unknown): stated is ReadonlyArray<unknown> => Array.isArray(stated))
)

/** The most values that are read before others run. */
const most = 1000

/** The members of a list that can be read. Others run between them; `values` is how many values a member has at most. */
export const readable = <S extends Schema.ConstraintDecoder<unknown>>(schema: S, values: number) => {
  const decode = Schema.decodeUnknownOption(schema)
  const perTurn = Math.floor(most / values)
  return Effect.fnUntraced(function* (list: ReadonlyArray<unknown> = []) {
    const read: Array<S["Type"]> = []
    for (let at = 0; at < list.length; at += perTurn) {
      if (at > 0) yield* Effect.yieldNow
      for (const member of list.slice(at, at + perTurn)) read.push(...Option.toArray(decode(member)))
    }
    return read
  })
}

/** The fields that a format knows, beside any others. */
export const withExtras = <const Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.StructWithRest(Schema.Struct(fields), [Schema.Record(Schema.String, Schema.Unknown)])

/** The texts, numbers and booleans among the fields that the format does not know. */
export const extras = (
  object: Readonly<Record<string, unknown>>,
  known: Schema.Struct.Fields
): ReadonlyArray<readonly [name: string, value: string]> =>
  Object.entries(object).flatMap(([name, stated]) => {
    if (name === "" || Object.hasOwn(known, name)) return []
    const value = readText(typeof stated === "boolean" ? String(stated) : stated)
    return Option.isSome(value) ? [[name, value.value] as const] : []
  })

const readText = Schema.decodeUnknownOption(Text)

function textFrom(decode: (stated: string) => string) {
  return Schema.Union([Schema.String, Schema.Finite])
    .annotate({ expected: "a text or a number" })
    .pipe(
      Schema.decodeTo(
        Schema.NonEmptyString,
        SchemaTransformation.transform({ decode: (stated) => decode(String(stated)), encode: (text) => text })
      )
    )
}

// What the Handlebars of Java and of JavaScript write for the characters that HTML reserves.
const entities: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&#39;": "'",
  "&#x27;": "'",
  "&#x60;": "`",
  "&#x3D;": "="
}

const withoutEntities = (text: string): string =>
  text.replace(/&(?:amp|lt|gt|quot|apos|#39|#x27|#x60|#x3D);/g, (entity) => entities[entity] ?? entity)
