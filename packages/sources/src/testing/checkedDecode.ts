/**
 * Decodes bodies, and checks what holds for the events of every body.
 */
import { assert } from "@effect/vitest"
import { AlertEvent, InboundLimits } from "@tocsin/core"
import { DateTime, Effect, Schema } from "effect"
import type { Decoded, Events } from "../Decoded.ts"
import { type Defaults, decodeSettings, type Source } from "../Source.ts"

/** The zone of times without one. */
export const timezone = "-05:45"

/** The name of the source. */
export const sourceName = "conformance"

/** Decodes a body twice, and each event to JSON and back. */
export type CheckedDecode = (body: unknown, defaults?: Defaults) => Effect.Effect<Decoded>

/** Makes the checked decoder of a source with these settings, as JSON; with those of its example if they are absent. */
export const checkedDecode = (source: Source, given: unknown = source.example): CheckedDecode => {
  const settings = Effect.orDie(decodeSettings(source, given))
  return Effect.fnUntraced(function* (body, defaults = {}) {
    const options = {
      source: sourceName,
      settings: yield* settings,
      defaults: { timezone, ...defaults },
      receivedAt: DateTime.makeUnsafe("2030-01-01T00:00:00Z")
    }
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
}

const codec = Schema.toCodecJson(AlertEvent)
const JsonText = Schema.fromJsonString(Schema.Unknown)

/** Returns the events of a body; fails on any other result. */
export const eventsOf = (decoded: Decoded, what: string): Effect.Effect<Events> =>
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
