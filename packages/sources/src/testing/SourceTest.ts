/**
 * Conformance checks for sources: call `suite` in the source's own test file.
 */
import { assert, describe, it } from "@effect/vitest"
import { AlertEvent, InboundLimits } from "@tocsin/core"
import { DateTime, Effect, Schema } from "effect"
import type { Decoded, Events } from "../Decoded.ts"
import { parseJson } from "../reading/parseJson.ts"
import type { Options as DecodeOptions, Source } from "../Source.ts"
import { at, paths, replaced } from "./changes.ts"

/** Options of the checks. */
export interface Options {
  /** The vendor's bodies, as JSON texts by name, each with at least one alert. Some must be raised, some cleared. */
  readonly bodies: { readonly [name: string]: string }
}

const options: DecodeOptions = {
  source: "conformance",
  timezone: "-05:45",
  receivedAt: DateTime.makeUnsafe("2030-01-01T00:00:00Z")
}

/** One check; its name continues "a source". */
export interface Check {
  readonly name: string
  readonly run: Effect.Effect<void>
}

/**
 * Returns all checks of a source, to be run one by one. Times without a zone are only checked if a body has a time with
 * a zone.
 */
export const checks = (source: Source, { bodies }: Options): ReadonlyArray<Check> => {
  const all = Object.entries(bodies).map(([name, text]) => ({ name, text, body: parseJson(text) }))
  const places = all.flatMap(({ body, name }) => paths(body).map((path) => ({ body, name, path })))
  const scalars = places.filter(({ body, path }) => ["string", "number"].includes(typeof at(body, path)))
  const decode = (body: unknown) => checked(source, body)

  const named: Check = {
    name: "has a type that fits into a URL, and a title",
    run: Effect.sync(() => {
      assert.match(source.type, /^[a-z0-9-]{1,64}$/)
      assert.notStrictEqual(source.title.trim(), "")
    })
  }

  const reads: ReadonlyArray<Check> = all.map(({ body, name }) => ({
    name: `reads ${name} the same each time, as events that survive JSON`,
    run: Effect.gen(function* () {
      const { events } = yield* eventsOf(yield* decode(body), name)
      assert.isNotEmpty(events)
      for (const event of events) assert.strictEqual(event.source, options.source)
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
          none.some(({ zone }) => zone === options.timezone),
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

  return [named, ...reads, states, ids, long, missing, ...(zoned.length > 0 ? [zones] : [])]
}

/** A time whose zone is a separate part: an offset, or Z. */
const isZoned = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?) ?(Z|[+-]\d{2}:?\d{2})$/

/** Registers the checks as tests, and property tests that no JSON makes the decoder fail. */
export const suite = (source: Source, given: Options): void => {
  describe(`Source (${source.type})`, () => {
    for (const { name, run } of checks(source, given)) it.effect(name, () => run)

    const bodies = Object.values(given.bodies).map((text) => parseJson(text))
    it.effect.prop("never fails on any JSON", [Schema.Json], ([json]) => checked(source, json))

    it.effect.prop(
      "never fails where a part of a body is any JSON",
      [Schema.Natural, Schema.Natural, Schema.Json],
      ([which, place, value]) => {
        const body = bodies[which % bodies.length]
        const all = paths(body)
        return checked(source, replaced(body, all[place % all.length] ?? [], value))
      }
    )

    const { toJson } = source
    if (toJson === undefined) return
    it.effect.prop(
      "never fails on any request",
      [Schema.Record(Schema.String, Schema.String), Schema.String],
      ([headers, text]) => Effect.sync(() => assert.isString(toJson({ headers, text })))
    )
  })
}

const codec = Schema.toCodecJson(AlertEvent)
const JsonText = Schema.fromJsonString(Schema.Unknown)

/** Decodes twice, and each event to JSON and back. */
const checked = Effect.fnUntraced(function* (source: Source, body: unknown): Effect.fn.Return<Decoded> {
  const decoded = yield* source.decode(body, options)
  assert.deepStrictEqual(yield* source.decode(body, options), decoded)
  if (decoded._tag !== "Events") return decoded
  for (const event of decoded.events) {
    const json = yield* Effect.orDie(Schema.encodeEffect(codec)(event))
    const text = yield* Effect.orDie(Schema.encodeEffect(JsonText)(json))
    const again = yield* Effect.orDie(
      Effect.flatMap(Schema.decodeEffect(JsonText)(text), Schema.decodeUnknownEffect(codec))
    )
    assert.deepStrictEqual(yield* Effect.orDie(Schema.encodeEffect(codec)(again)), json)
    checkLengths(event)
  }
  return decoded
})

/** Returns the events of a body; fails on any other result. */
const eventsOf = (decoded: Decoded, what: string): Effect.Effect<Events> =>
  Effect.sync(() => {
    if (decoded._tag === "Events") return decoded
    return assert.fail(`${what} is no event: ${JSON.stringify(decoded)}`)
  })

const checkLengths = ({ eventId, labels, links, observations, rule, sourceId, summary, test }: AlertEvent): void => {
  for (const id of [sourceId, eventId, rule.id, test?.id]) assert.isAtMost(id?.length ?? 0, InboundLimits.maxIdLength)
  const texts = [
    rule.name,
    rule.expression,
    summary,
    test?.name,
    ...observations.flatMap((one) => [one.name, one.atEnd])
  ]
  for (const text of texts) assert.isAtMost(text?.length ?? 0, InboundLimits.maxTextLength)
  assert.isAtMost(Object.keys(labels).length, InboundLimits.maxLabels)
  for (const label of Object.entries(labels).flat()) assert.isAtMost(label.length, InboundLimits.maxLabelLength)
  assert.isAtMost(links.more?.length ?? 0, InboundLimits.maxLinks)
  assert.isAtMost(observations.length, InboundLimits.maxObservations)
}
