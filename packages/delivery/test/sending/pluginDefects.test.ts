import { assert, describe, it } from "@effect/vitest"
import { Configuration, Operators } from "@tocsin/delivery"
import { Effect, Logger } from "effect"
import {
  clear,
  deliveries,
  engine,
  fixture,
  integration,
  integrationId,
  outcomes,
  pass,
  raise,
  rule,
  save,
  tick
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"

const threw = "The plugin failed: RangeError in deliver"

const brokenBecause = (id: string) =>
  Effect.map(
    Configuration.use(({ integration }) => integration(integrationId(id))),
    (shown) => shown?.broken?.reason
  )

const raiseAll = (...ids: ReadonlyArray<string>) => Effect.forEach(ids, (id) => raise(id), { discard: true })

/** A script whose channel throws at these alerts. */
const poison = (script: Script, ...ids: ReadonlyArray<string>) => ids.forEach((id) => script.poisonous.add(id))

describe("A plugin that throws", () => {
  it.effect(
    "is tried in plain form at once, then with back-off, while other alerts pass",
    fixture((script) =>
      Effect.gen(function* () {
        poison(script, "bad")
        yield* save(integration("ops"), rule("all"))
        yield* raise("bad")
        yield* pass("10 minutes")
        yield* raiseAll("a", "b", "c")
        yield* tick
        assert.deepStrictEqual(yield* outcomes, [
          `Raised retrying: ${threw}`,
          "Raised delivered",
          "Raised delivered",
          "Raised delivered"
        ])
        assert.isUndefined(yield* brokenBecause("ops"))
        const attempts = script.to("ops").slice(0, 4)
        assert.deepStrictEqual(
          attempts.map(({ form }) => form),
          ["rich", "plain", "plain", "plain"]
        )
        const [, second = 0, third = 0, fourth = 0] = attempts.map(({ at }) => at)
        assert.deepStrictEqual([third - second, fourth - third], [2000, 4000])
      })
    )
  )

  it.effect(
    "at three different deliveries in a row breaks the integration, and none of them ends",
    fixture((script) =>
      Effect.gen(function* () {
        poison(script, "a", "b", "c")
        yield* save(integration("ops"), rule("all"))
        yield* raiseAll("a", "b")
        yield* pass("1 hour")
        assert.isUndefined(yield* brokenBecause("ops"))
        yield* raise("c")
        yield* pass("2 minutes")
        assert.strictEqual(yield* brokenBecause("ops"), threw)
        yield* pass("20 hours")
        assert.deepStrictEqual(yield* outcomes, Array(3).fill(`Raised retrying: ${threw}`))
      })
    )
  )

  it.effect(
    "counts deliveries in a row: one that arrives between them begins the count again",
    fixture((script) =>
      Effect.gen(function* () {
        poison(script, "a", "b", "c")
        yield* save(integration("ops"), rule("all"))
        yield* raiseAll("a", "b")
        // Their next attempts are minutes away.
        yield* pass("10 minutes")
        yield* raise("fine")
        yield* tick
        yield* raise("c")
        yield* tick
        assert.isUndefined(yield* brokenBecause("ops"))
      })
    )
  )

  it.effect(
    "does not keep later alerts from the channel: the next probe is one that was never attempted",
    fixture((script) =>
      Effect.gen(function* () {
        poison(script, "a", "b", "c")
        yield* save(integration("ops"), rule("all"))
        yield* raiseAll("a", "b", "c")
        yield* tick
        assert.strictEqual(yield* brokenBecause("ops"), threw)
        yield* raiseAll("d", "e")
        yield* pass("6 minutes")
        assert.deepStrictEqual((yield* outcomes).slice(3), ["Raised delivered", "Raised delivered"])
      })
    )
  )

  it.effect(
    "delivers everything once it is fixed, and the integration works again",
    fixture((script) =>
      Effect.gen(function* () {
        script.always("ops", "throw")
        yield* save(integration("ops"), rule("all"))
        yield* raiseAll("a", "b", "c", "d")
        yield* pass("1 hour")
        assert.strictEqual(yield* brokenBecause("ops"), "The plugin failed: Error in deliver")
        script.always("ops", "ok")
        yield* pass("10 minutes")
        assert.deepStrictEqual(yield* outcomes, Array(4).fill("Raised delivered"))
        assert.isUndefined(yield* brokenBecause("ops"))
      })
    )
  )

  it.effect(
    "may have sent the raise: its clear is due",
    fixture((script) =>
      Effect.gen(function* () {
        poison(script, "a")
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* tick
        yield* clear("a")
        script.poisonous.clear()
        yield* pass("10 minutes")
        assert.deepStrictEqual(yield* outcomes, ["RaisedAndCleared delivered"])
      })
    )
  )

  it.effect("ends a delivery only at its deadline, with a notice to operators", () => {
    const script = new Script()
    return Effect.gen(function* () {
      poison(script, "a")
      yield* save(integration("desk"), integration("ops", { delivery: { deadline: 3600 } }), rule("all"))
      yield* raise("a")
      yield* pass("59 minutes")
      assert.strictEqual((yield* deliveries)[0]?.status, "retrying")
      yield* pass("15 minutes")
      const [delivery] = yield* deliveries
      assert.deepStrictEqual([delivery?.status, delivery?.cause], ["dead", threw])
      const notices = script
        .to("desk")
        .flatMap(({ notification }) => (notification._tag === "Notice" ? [notification] : []))
      const last = notices.at(-1)
      assert.strictEqual(last?.headline, "A delivery to the integration ops was not sent before its deadline")
      assert.strictEqual(last?.lines[0], threw)
      assert.include(last?.lines[1], delivery?.id)
    }).pipe(Effect.provide(engine(script)), Effect.provideService(Operators, integrationId("desk")))
  })

  it.effect("is logged with the kind of error, the integration and the stack, without a secret", () => {
    const log: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => void log.push(`${logLevel} ${String(message)}`))
    return Effect.provide(
      fixture((script) =>
        Effect.gen(function* () {
          poison(script, "c4n4ry-T0K3N")
          yield* save(integration("ops", { settings: { channel: "ops", token: "c4n4ry-T0K3N" } }), rule("all"))
          yield* raise("c4n4ry-T0K3N")
          yield* tick
          const failures = log.filter((line) => line.startsWith("Error"))
          const start = `Error The plugin of type fake failed at the integration ops: RangeError in deliver: cannot send <redacted>`
          assert.strictEqual(failures[0]?.split("\n")[0], start)
          assert.match(failures[0] ?? "", /FakeChannel\.ts:\d+/)
          assert.notInclude(log.join("\n"), "c4n4ry-T0K3N")
        })
      )(),
      Logger.layer([logger])
    )
  })
})
