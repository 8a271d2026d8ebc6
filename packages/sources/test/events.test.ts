import { assert, describe, it } from "@effect/vitest"
import { AlertEvent } from "@tocsin/core"
import { Alertmanager, builtIn, decodeSettings, parseJson, Prometheus, type Source } from "@tocsin/sources"
import { DateTime, Effect, Schema } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { bodiesOf } from "./sources.ts"

const encode = Schema.encodeSync(Schema.toCodecJson(AlertEvent))

describe("the events of the bodies in fixtures", () => {
  it.effect.each(builtIn.filter(({ type }) => type !== "thousandeyes"))("of $type are as in golden", (source) =>
    Effect.gen(function* () {
      const events: Record<string, unknown> = {}
      for (const [name, text] of Object.entries(bodiesOf(source.type))) {
        const decoded = yield* source.decode(parseJson(text), {
          source: source.type,
          settings: yield* Effect.orDie(decodeSettings(source, source.example)),
          defaults: {},
          receivedAt: DateTime.makeUnsafe("2026-01-15T10:05:00Z")
        })
        events[name] =
          decoded._tag === "Events" ? { ...decoded, events: decoded.events.map((event) => encode(event)) } : decoded
      }
      const written = `${JSON.stringify(events, null, 2)}\n`
      const golden = new URL(`./golden/${source.type}.json`, import.meta.url)
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, written)
      else assert.deepStrictEqual(parseJson(written), parseJson(readFileSync(golden, "utf8")))
    })
  )

  it.effect("of Prometheus have the fingerprints that Alertmanager computes", () =>
    Effect.gen(function* () {
      const ids = Effect.fnUntraced(function* (source: Source) {
        const decoded = yield* source.decode(parseJson(bodiesOf(source.type)["sent-firing"] ?? ""), {
          source: source.type,
          settings: undefined,
          defaults: {},
          receivedAt: DateTime.makeUnsafe("2026-01-15T10:05:00Z")
        })
        return decoded._tag === "Events" ? decoded.events.map(({ sourceId }) => sourceId) : []
      })
      assert.deepStrictEqual(yield* ids(Prometheus), ["c35fcc5502c7bf16"])
      assert.deepStrictEqual(yield* ids(Alertmanager), ["c35fcc5502c7bf16"])
    })
  )
})
