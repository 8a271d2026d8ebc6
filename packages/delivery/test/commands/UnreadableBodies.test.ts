import { assert, describe, it } from "@effect/vitest"
import { Operators, UnreadableBodies } from "@tocsin/delivery"
import { Array, Effect } from "effect"
import { engine, fixture, integration, integrationId, pass, save, tick } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"

describe("Unreadable bodies (L)", () => {
  it.effect(
    "are kept until they can be read, at most the 1,000 newest",
    fixture(() =>
      Effect.gen(function* () {
        const unreadable = yield* UnreadableBodies
        const keep = (body: string) =>
          unreadable.keep({ source: "thousandeyes", why: "", body, isWhole: true, from: undefined })
        yield* Effect.forEach(["1", "2"], keep, { discard: true })
        yield* Effect.forEach(Array.range(3, 1000), (n) => keep(`${n}`), { concurrency: "unbounded", discard: true })
        const [newest] = (yield* unreadable.list({ limit: 1 })).items
        yield* unreadable.remove(newest?.id ?? "")
        yield* Effect.forEach(["1001", "1002"], keep, { discard: true })
        const { items, total } = yield* unreadable.list({ limit: 1000 })
        assert.strictEqual(total, 1000)
        assert.deepStrictEqual([items[0]?.body, items.at(-1)?.body], ["1002", "2"])
      })
    )
  )

  it.effect("are reported to operators once per source and hour, with their number", () =>
    Effect.gen(function* () {
      const script = new Script()
      yield* Effect.gen(function* () {
        const unreadable = yield* UnreadableBodies
        const keep = (source: string, why: string) =>
          unreadable.keep({ source, why, body: "s3cr3t", isWhole: true, from: undefined })
        const notices = () =>
          script
            .to("desk")
            .flatMap(({ notification }) =>
              notification._tag === "Notice" ? [[notification.headline, notification.lines[0]]] : []
            )
        yield* save(integration("desk"))
        yield* keep("thousandeyes", "/eventType: Expected one of these")
        yield* tick
        const first = ["A body from the source thousandeyes is unreadable", "/eventType: Expected one of these"]
        assert.deepStrictEqual(notices(), [first])
        yield* Effect.forEach(Array.range(1, 5), () => keep("thousandeyes", "again"), { discard: true })
        yield* keep("other", "The body is empty")
        yield* tick
        const other = ["A body from the source other is unreadable", "The body is empty"]
        assert.deepStrictEqual(notices(), [first, other])
        yield* pass("1 hour")
        assert.lengthOf(notices(), 2)
        yield* keep("thousandeyes", "still")
        yield* tick
        assert.deepStrictEqual(notices().at(-1), ["6 bodies from the source thousandeyes are unreadable", "still"])
        assert.notInclude(JSON.stringify(script.to("desk")), "s3cr3t")
      }).pipe(Effect.provide(engine(script)), Effect.provideService(Operators, integrationId("desk")))
    })
  )
})
