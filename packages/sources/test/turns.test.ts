import { assert, describe, it } from "@effect/vitest"
import { Alertmanager, Prometheus } from "@tocsin/sources"
import { Effect } from "effect"
import { decodeAndCount, many } from "./countTurns.ts"

const labels = (count: number) => Object.fromEntries(many(count, (n) => [`l${n}`, "x"]))

describe("Decoding a list of alerts", () => {
  it.effect.each([
    ["24,900 small ones for Prometheus", Prometheus, many(24_900, (n) => ({ labels: { a: `q${n}` } })), 24_900, 1200],
    [
      "24,900 small ones of Alertmanager",
      Alertmanager,
      { alerts: many(24_900, (n) => ({ status: "firing", labels: { a: `q${n}` } })) },
      24_900,
      1200
    ],
    ["99 with 1,000 labels", Prometheus, many(99, (n) => ({ labels: { ...labels(999), n: `${n}` } })), 99, 98],
    ["99,000 that are none", Prometheus, many(99_000, String), 0, 4700]
  ] as const)("lets others run after 1,000 values at the latest: %s", ([, source, body, events, least]) =>
    Effect.gen(function* () {
      const { decoded, turns } = yield* decodeAndCount(source, body)
      assert.isAtLeast(turns, least)
      assert.strictEqual(decoded._tag === "Events" ? decoded.events.length : 0, events)
    })
  )
})
