/**
 * Conformance checks for sources: call `suite` in the source's own test file.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type { Decoded } from "../Decoded.ts"
import { parseJson } from "../reading/parseJson.ts"
import type { Source } from "../Source.ts"
import { at, paths, replaced } from "./changes.ts"
import { checkedDecode, eventsOf, sourceName, timezone } from "./checkedDecode.ts"
import { type Check, declarationChecks } from "./declarationChecks.ts"

export type { Check } from "./declarationChecks.ts"

/** Options of the checks. */
export interface Options {
  /** The vendor's bodies, as JSON texts by name, each with at least one alert. Some must be raised, some cleared. */
  readonly bodies: { readonly [name: string]: string }
  /** The settings with which the source reads the bodies, as JSON; those of its `example` when absent. */
  readonly settings?: { readonly [setting: string]: Schema.Json }
}

/**
 * Returns all checks of a source, to be run one by one. Times without a zone are only checked if a body has a time with
 * a zone.
 */
export const checks = (source: Source, { bodies, settings }: Options): ReadonlyArray<Check> => {
  const all = Object.entries(bodies).map(([name, text]) => ({ name, text, body: parseJson(text) }))
  const places = all.flatMap(({ body, name }) => paths(body).map((path) => ({ body, name, path })))
  const scalars = places.filter(({ body, path }) => ["string", "number"].includes(typeof at(body, path)))
  const decode = checkedDecode(source, settings)

  const reads: ReadonlyArray<Check> = all.map(({ body, name }) => ({
    name: `reads ${name} the same each time, as events that survive JSON`,
    run: Effect.gen(function* () {
      const { events } = yield* eventsOf(yield* decode(body), name)
      assert.isNotEmpty(events)
      for (const event of events) assert.strictEqual(event.source, sourceName)
    })
  }))

  const states: Check = {
    name: "knows raised alerts from cleared ones",
    run: Effect.gen(function* () {
      const found = new Set<string>()
      for (const { body, name } of all) {
        for (const { state } of (yield* eventsOf(yield* decode(body), name)).events) found.add(state)
      }
      assert.deepStrictEqual([...found].toSorted(), ["cleared", "raised"])
    })
  }

  const ids: Check = {
    name: "keeps every digit of ids beyond 2^53",
    run: Effect.gen(function* () {
      const [even, odd] = ["9007199254740992", "9007199254740993"] as const
      let found = 0
      for (const { body, path } of scalars) {
        const idsWith = Effect.fnUntraced(function* (id: string, isNumber: boolean) {
          const text = JSON.stringify(replaced(body, path, "an id")).replace('"an id"', isNumber ? id : `"${id}"`)
          const decoded = yield* decode(parseJson(text))
          return decoded._tag === "Events" ? decoded.events.map(({ sourceId }) => sourceId) : []
        })
        const texts = [yield* idsWith(even, false), yield* idsWith(odd, false)]
        if (String(texts[0]) === String(texts[1])) continue
        found++
        assert.deepStrictEqual([yield* idsWith(even, true), yield* idsWith(odd, true)], texts, `at ${path.join("/")}`)
      }
      assert.isAbove(found, 0, "no value in any body changes the id of its alert")
    })
  }

  const long: Check = {
    name: "cuts texts that are too long, and refuses none",
    run: Effect.gen(function* () {
      for (const { body, name, path } of scalars) {
        const stated = String(at(body, path))
        const longer = yield* decode(replaced(body, path, `${stated} x`))
        // The format accepts only certain values here, whatever their length.
        if (longer._tag !== "Events" || longer.events.length === 0) continue
        const decoded = yield* decode(replaced(body, path, `${stated} ${"x".repeat(100_000)}`))
        yield* eventsOf(decoded, `${name} with a long text at /${path.join("/")}`)
      }
    })
  }

  const missing: Check = {
    name: "takes a part that is null or missing for absent, unless it decides on the alert",
    run: Effect.gen(function* () {
      for (const { body, name, path } of scalars) {
        if (yield* decides(path, body)) continue
        yield* eventsOf(yield* decode(replaced(body, path, null)), `${name} with null at /${path.join("/")}`)
      }
    })
  }
  /** Whether a value decides the identity or state of the event: nonsense there changes them, or is refused. */
  const decides = Effect.fnUntraced(function* (path: ReadonlyArray<string>, body: unknown) {
    const before = yield* decode(body)
    const after = yield* decode(replaced(body, path, { no: "text" }))
    const key = (decoded: Decoded) =>
      decoded._tag === "Events"
        ? decoded.events.map(({ sourceId, state }) => `${sourceId} ${state}`).join()
        : decoded._tag
    return key(before) !== key(after)
  })

  const defaults: Check = {
    name: "gives alerts the default labels, and the default severity where they state none",
    run: Effect.gen(function* () {
      for (const { body, name } of all) {
        const plain = yield* eventsOf(yield* decode(body), name)
        const labelled = yield* eventsOf(yield* decode(body, { labels: { conformance: "yes" } }), name)
        assert.deepStrictEqual(
          labelled.events.map(({ labels }) => labels),
          plain.events.map(({ labels }) => ({ conformance: "yes", ...labels }))
        )
      }
      const nothing = all.map(({ body }) => ({ body, path: ["no", "such"] }))
      for (const { body, path } of [...nothing, ...scalars]) {
        const severities = Effect.fnUntraced(function* (severity: "critical" | "info") {
          const decoded = yield* decode(replaced(body, path, null), { severity })
          return decoded._tag === "Events" ? decoded.events.map((event) => event.severity).join() : ""
        })
        if ((yield* severities("critical")) !== (yield* severities("info"))) return
      }
      assert.fail("no alert has the default severity, whatever is left out")
    })
  }

  const zoned = scalars.filter(({ body, path }) => isZoned.test(String(at(body, path))))
  const zones: Check = {
    name: "reads times with and without a zone",
    run: Effect.gen(function* () {
      let found = 0
      for (const { body, name, path } of zoned) {
        const [, local = "", zone = ""] = isZoned.exec(String(at(body, path))) ?? []
        const timesWith = Effect.fnUntraced(function* (written: string) {
          const { events } = yield* eventsOf(yield* decode(replaced(body, path, local + written)), name)
          return events.map(({ assumedTimeZone, clearedAt, startedAt }) => ({
            times: [startedAt, ...(clearedAt ? [clearedAt] : [])].map((time) => time.epochMilliseconds),
            zone: assumedTimeZone?.zone
          }))
        })
        const [here, there, none] = [yield* timesWith(zone), yield* timesWith("-05:45"), yield* timesWith("")]
        if (JSON.stringify(here) === JSON.stringify(there)) continue
        found++
        for (const { zone } of here) assert.isUndefined(zone)
        assert.isTrue(
          none.some(({ zone }) => zone === timezone),
          `${name}: the event does not report the assumed zone of /${path.join("/")}`
        )
        assert.deepStrictEqual(
          none.map(({ times }) => times),
          there.map(({ times }) => times)
        )
      }
      assert.isAbove(found, 0, "no body has a time that becomes the start or end of its alert")
    })
  }

  return [
    ...declarationChecks(source),
    ...reads,
    states,
    ids,
    long,
    missing,
    defaults,
    ...(zoned.length > 0 ? [zones] : [])
  ]
}

/** A time whose zone is a separate part: an offset, or Z. */
const isZoned = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?) ?(Z|[+-]\d{2}:?\d{2})$/

/** Registers the checks as tests, and property tests that no JSON makes the decoder fail. */
export const suite = (source: Source, given: Options): void => {
  describe(`Source (${source.type})`, () => {
    for (const { name, run } of checks(source, given)) it.effect(name, () => run)

    const decode = checkedDecode(source, given.settings)
    const bodies = Object.values(given.bodies).map((text) => parseJson(text))
    it.effect.prop("never fails on any JSON", [Schema.Json], ([json]) => decode(json))

    it.effect.prop(
      "never fails where a part of a body is any JSON",
      [Schema.Natural, Schema.Natural, Schema.Json],
      ([which, place, value]) => {
        const body = bodies[which % bodies.length]
        const all = paths(body)
        return decode(replaced(body, all[place % all.length] ?? [], value))
      }
    )

    if (source.toJson === undefined) return
    it.effect.prop(
      "never fails on any request",
      [Schema.Record(Schema.String, Schema.String), Schema.String],
      ([headers, text]) => Effect.sync(() => assert.isString(source.toJson?.({ headers, text })))
    )
  })
}
