/**
 * The whole engine on one store, with a scripted channel, and the words that its tests are written in.
 */
import { type Alert, type AlertEvent, AlertId, AlertRule, AlertRuleId, IntegrationId, Egress } from "@tocsin/core"
import {
  PluginRegistry,
  Edits,
  Engine,
  History,
  HistoryKept,
  Intake,
  type IntegrationInput,
  Seal
} from "@tocsin/delivery"
import { Clock, DateTime, Duration, Effect, Layer, Random, Redacted } from "effect"
import type { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { Fake, Script } from "./FakeChannel.ts"
import { nextSleep, watchedClock } from "./clock.ts"
import { settle, watched } from "./idle.ts"
import { migratedStoreIn } from "./store.ts"

export { settle } from "./idle.ts"

/** A seal that seals nothing: the real one works outside of the scheduler, where a test cannot await it. */
export const openSeal = Layer.succeed(
  Seal,
  Seal.of({
    keyId: "none",
    keyIds: ["none"],
    seal: (text) => Effect.succeed(text),
    open: (sealed) => Effect.succeed(sealed)
  })
)

export const realSeal = Seal.layer(Redacted.make(new Uint8Array(32).fill(7)))

/** Every jitter is the longest. */
const noJitter = Layer.succeed(Random.Random, { nextDoubleUnsafe: () => 1, nextIntUnsafe: () => 1 })

/** A guard that lets everything out. */
const openEgress = Layer.succeed(Egress, Egress.of({ check: () => Effect.void }))

interface EngineOptions {
  readonly file?: string
  readonly seal?: Layer.Layer<Seal>
  readonly egress?: Layer.Layer<Egress>
  readonly plugins?: Layer.Layer<PluginRegistry>
  readonly historyKept?: Duration.Input
  readonly store?: ReturnType<typeof migratedStoreIn>
}

export const engine = (
  script: Script,
  {
    egress = openEgress,
    file = ":memory:",
    historyKept = "30 days",
    plugins = PluginRegistry.layer([Fake]).pipe(Layer.provide(script.layer)),
    seal = openSeal,
    store = migratedStoreIn(file)
  }: EngineOptions = {}
) =>
  watched.pipe(
    Layer.provideMerge(Engine.layer),
    Layer.provideMerge([store, plugins, seal, egress]),
    Layer.provide([watchedClock, noJitter, Layer.succeed(HistoryKept, Duration.fromInputUnsafe(historyKept))]),
    Layer.orDie
  )

export type Fixture = Engine.Engine | SqlClient.SqlClient

/** Runs a test on an engine, a store and a scripted channel of its own. */
export const fixture =
  (test: (script: Script) => Effect.Effect<void, unknown, Fixture>, options?: EngineOptions) =>
  (): Effect.Effect<void, unknown> =>
    Effect.suspend(() => {
      const script = new Script()
      return Effect.provide(test(script), engine(script, options))
    })

/** The same, with the clock set first. */
export const fixtureAt = (start: string, test: Parameters<typeof fixture>[0]) => () =>
  Effect.andThen(TestClock.setTime(time(start).epochMilliseconds), fixture(test)())

/** Where many days pass, a quarter of a day passes at once: what looks every minute would look ten thousand times. */
const stepOf = (duration: Duration.Input) => (Duration.toDays(duration) >= 2 ? Duration.toMillis("6 hours") : 0)

/** Lets time pass, with all that happens in it. */
export const pass = (duration: Duration.Input) =>
  Effect.gen(function* () {
    yield* settle
    const end = (yield* Clock.currentTimeMillis) + Duration.toMillis(duration)
    for (let due = yield* nextSleep(end); due !== undefined; due = yield* nextSleep(end)) {
      yield* TestClock.setTime(Math.min(end, Math.max(due, (yield* Clock.currentTimeMillis) + stepOf(duration))))
      yield* settle
    }
    yield* TestClock.setTime(end)
    yield* settle
  })

/** Long enough for everything that is due now. */
export const tick = pass("1 second")

export const integrationId = (id: string) => IntegrationId.make(id)
export const ruleId = (id: string) => AlertRuleId.make(id)

export const event = (id: string, changes: Partial<AlertEvent> = {}): AlertEvent => ({
  source: "monitor",
  sourceId: id,
  rule: { name: "errors" },
  severity: "major",
  observations: [],
  observationsOmitted: 0,
  labels: {},
  links: {},
  state: "raised",
  startedAt: time("2026-01-01T00:00:00Z"),
  reusesId: true,
  ...changes
})

export const time = (text: string) => DateTime.makeUnsafe(text)

export const rule = (
  id: string,
  changes: Omit<Partial<AlertRule>, "integrations"> & { readonly to?: ReadonlyArray<string> } = {}
): AlertRule => {
  const { to = ["ops"], ...others } = changes
  return {
    id: ruleId(id),
    name: id,
    enabled: true,
    match: {},
    integrations: to.map(integrationId),
    notifyOnClear: true,
    ...others
  }
}

export const integration = (id: string, changes: Partial<IntegrationInput> = {}): IntegrationInput => ({
  id: integrationId(id),
  name: id,
  type: "fake",
  enabled: true,
  settings: { channel: id },
  ...changes
})

export const save = (...things: ReadonlyArray<AlertRule | IntegrationInput>) =>
  Effect.gen(function* () {
    const edits = yield* Edits
    for (const thing of things) {
      yield* "match" in thing ? edits.saveRule(thing, "any") : edits.saveIntegration(thing, "any")
    }
    yield* settle
  })

export const removeRule = (id: string) => Effect.flatMap(Edits, (edits) => edits.removeRule(ruleId(id), "any"))

export const removeIntegration = (id: string, force = true) =>
  Effect.flatMap(Edits, (edits) => edits.removeIntegration(integrationId(id), { expected: "any", force }))

export const accept = (...events: ReadonlyArray<AlertEvent>) =>
  Effect.flatMap(Intake, (intake) => intake.accept(events))

/** Raises the alert; answers its id. */
export const raise = (id: string, changes: Partial<AlertEvent> = {}) =>
  Effect.map(accept(event(id, changes)), ([accepted]) => accepted?.id ?? AlertId.make("none"))

export const clear = (id: string, changes: Partial<AlertEvent> = {}) =>
  accept(event(id, { state: "cleared", ...changes }))

/** All deliveries, oldest first. */
export const deliveries = Effect.gen(function* () {
  const { items } = yield* History.use(({ list }) => list({ status: [], limit: 100_000 }))
  return items.toReversed()
})

/** All deliveries in short: `Raised delivered`, `Raised superseded: by the edit`. */
export const outcomes = Effect.map(deliveries, (all) =>
  all.map(({ cause, kind, status }) => `${kind} ${status}${cause === undefined ? "" : `: ${cause}`}`)
)

export const conversations = (alert: Alert["id"]) =>
  Effect.flatMap(History, ({ conversations }) => conversations(alert))
