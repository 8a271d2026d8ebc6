import { assert, describe, it } from "@effect/vitest"
import { AlertEvent } from "@tocsin/core"
import { ThousandEyes } from "@tocsin/sources"
import { Effect, Schema } from "effect"
import { body, names, options } from "./fixtures.ts"

const codec = Schema.toCodecJson(AlertEvent)
const JsonText = Schema.fromJsonString(Schema.Unknown)

/** Decodes twice, and each event to JSON and back. */
const check = Effect.fn(function* (body: unknown) {
  const decoded = yield* ThousandEyes.decode(body, options)
  assert.deepStrictEqual(yield* ThousandEyes.decode(body, options), decoded)
  if (decoded._tag !== "Events") return decoded
  for (const event of decoded.events) {
    const json = yield* Schema.encodeEffect(codec)(event)
    const text = yield* Schema.encodeEffect(JsonText)(json)
    const again = yield* Schema.decodeUnknownEffect(codec)(yield* Schema.decodeEffect(JsonText)(text))
    assert.deepStrictEqual(yield* Schema.encodeEffect(codec)(again), json)
    assert.deepStrictEqual(again.labels, event.labels)
  }
  return decoded
})

type Path = ReadonlyArray<string>

const paths = (json: Schema.Json, path: Path = []): ReadonlyArray<Path> => [
  path,
  ...(typeof json === "object" && json !== null
    ? Object.entries(json).flatMap(([key, value]) => paths(value, [...path, key]))
    : [])
]

const replaced = (json: Schema.Json, [key, ...rest]: Path, value: Schema.Json): Schema.Json => {
  if (key === undefined) return value
  if (typeof json !== "object" || json === null) return json
  const entries = Object.entries(json).map(([k, v]) => [k, k === key ? replaced(v, rest, value) : v] as const)
  return Array.isArray(json) ? entries.map(([, v]) => v) : Object.fromEntries(entries)
}

const spoilt = (name: string, place: number, value: Schema.Json) => {
  const json = body(name)
  const all = paths(json)
  return replaced(json, all[place % all.length] ?? [], value)
}

describe("ThousandEyes, any JSON", () => {
  it.effect.each(names)("reads %s the same each time, as an event that survives JSON", (name) =>
    Effect.gen(function* () {
      const decoded = yield* check(body(name))
      assert.strictEqual(decoded._tag, name === "thousandeyes-test" ? "Test" : "Events")
    })
  )

  it.effect("is safe with keys that JavaScript reserves", () =>
    Effect.gen(function* () {
      const alert: unknown = JSON.parse('{ "alertId": 1, "__proto__": "x", "constructor": "y", "toString": "z" }')
      const decoded = yield* check({ eventType: "ALERT_NOTIFICATION_TRIGGER", alert })
      assert(decoded._tag === "Events")
      assert.deepStrictEqual(
        decoded.events.map(({ labels }) => Object.entries(labels)),
        [
          [
            ["__proto__", "x"],
            ["constructor", "y"],
            ["toString", "z"]
          ]
        ]
      )
    })
  )

  it.effect.prop("never throws", [Schema.Json], ([json]) => check(json), { arbitrary: { runs: 500 } })

  it.effect.prop(
    "never throws on an alert that is any JSON",
    [Schema.Record(Schema.String, Schema.Json), Schema.String],
    ([alert, alertId]) =>
      Effect.gen(function* () {
        yield* check({ eventType: "ALERT_NOTIFICATION_CLEAR", alert: { ...alert, alertId } })
        yield* check({ type: "1", alert: { ...alert, id: alertId } })
      })
  )

  it.effect.prop(
    "never throws where a part of a body is replaced by any JSON",
    [Schema.Literals(names), Schema.Natural, Schema.Json],
    ([name, place, value]) => check(spoilt(name, place, value))
  )
})
