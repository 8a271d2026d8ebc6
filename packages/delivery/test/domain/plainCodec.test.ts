import { assert, describe, it } from "@effect/vitest"
import { Alert, AlertEvent, PostedAlert } from "@tocsin/core"
import { Arbitrary, Effect, Exit, Schema } from "effect"
import { jsonEncoder, plainDecoder, plainEncoder } from "../../src/domain/plainCodec.ts"

const strict = { errors: "all", onExcessProperty: "error" } as const

const schemas = { Alert, AlertEvent, PostedAlert, "an array of PostedAlert": Schema.Array(PostedAlert) }

const sampled = <S extends Schema.Codec<any, any>>(schema: S) =>
  Effect.orDie(Arbitrary.sampleEffect(Arbitrary.schema(schema), { count: 100, size: 8, seed: 7 }))

/** Values that a change of one part may make of JSON, valid or not. */
const spoilt = (value: unknown): ReadonlyArray<unknown> => {
  const others = [
    null,
    "",
    "x",
    0,
    1.5,
    true,
    [],
    {},
    [""],
    "raised",
    "ftp://x",
    "https://a.example",
    "2026-02-30T00:00:00Z"
  ]
  if (Array.isArray(value)) {
    return [...others, ...value.flatMap((one, n) => spoilt(one).map((other) => value.with(n, other)))]
  }
  if (typeof value !== "object" || value === null) return others
  return [
    ...others,
    { ...value, unknown: 1 },
    JSON.parse(JSON.stringify(value).replace("{", '{"__proto__":"x",').replace(",}", "}")),
    ...Object.entries(value).flatMap(([name, one]) => {
      const { [name]: _, ...without } = value as Record<string, unknown>
      return [without, ...spoilt(one).map((other) => ({ ...value, [name]: other }))]
    })
  ]
}

describe("plain codecs", () => {
  for (const [name, schema] of Object.entries<Schema.Codec<any, any>>(schemas)) {
    const codec = Schema.toCodecJson(schema)
    const decode = Schema.decodeUnknownExit(codec, strict)
    const encode = Schema.encodeUnknownSync(codec)
    const plainDecode = plainDecoder(schema)
    const plainEncode = plainEncoder(schema)
    const encodeText = jsonEncoder(schema)

    it.effect(`decode and encode ${name} as its schema does, to the same text`, () =>
      Effect.gen(function* () {
        // Values that are not plain, such as a label named __proto__, are left to the schema.
        const plain = { encoded: 0, decoded: 0 }
        for (const value of yield* sampled(schema)) {
          const json: unknown = JSON.parse(JSON.stringify(encode(value)))
          assert.strictEqual(encodeText(value, true), encodeText(value, false))
          const encoded = plainEncode(value)
          if (encoded !== undefined) {
            plain.encoded++
            assert.strictEqual(JSON.stringify(encoded), JSON.stringify(encode(value)))
          }
          const decoded = plainDecode(json)
          if (decoded === undefined) continue
          plain.decoded++
          const expected = decode(json)
          assert.isTrue(Exit.isSuccess(expected))
          assert.deepStrictEqual(decoded, Exit.isSuccess(expected) ? expected.value : undefined)
          assert.strictEqual(JSON.stringify(encode(decoded)), JSON.stringify(encode(value)))
        }
        assert.isAtLeast(Math.min(plain.encoded, plain.decoded), 40)
      })
    )

    it.effect(`decode nothing that is not ${name}`, () =>
      Effect.gen(function* () {
        let refused = 0
        for (const value of (yield* sampled(schema)).slice(0, 12)) {
          for (const json of spoilt(JSON.parse(JSON.stringify(encode(value)))).slice(0, 200)) {
            const decoded = plainDecode(json)
            const expected = decode(json)
            if (Exit.isFailure(expected)) {
              refused++
              assert.isUndefined(decoded, JSON.stringify(json))
            } else if (decoded !== undefined) {
              assert.deepStrictEqual(decoded, expected.value)
            }
          }
        }
        assert.isAtLeast(refused, 100)
      })
    )
  }

  it("leave what cannot be encoded to the schema", () => {
    assert.isUndefined(plainEncoder(Schema.NonEmptyString)(""))
    assert.isUndefined(plainEncoder(AlertEvent)({} as AlertEvent))
  })
})
