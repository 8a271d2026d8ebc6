import { Egress } from "@tocsin/core"
import { assert, describe, it } from "@effect/vitest"
import { Resolver } from "@tocsin/egress"
import { NameServer, TcpServer, until } from "@tocsin/test-network"
import { Effect, Fiber } from "effect"
import { failure } from "./harness/attempt.ts"
import { guard } from "./harness/guard.ts"

describe("A name that is rebound after it was saved", () => {
  const rebound = [
    ["127.0.0.1"],
    ["::1"],
    ["::ffff:7f00:1"],
    ["64:ff9b::7f00:1"],
    ["169.254.169.254", "127.0.0.1"],
    ["1.1.1.1", "127.0.0.1"],
    ["2606:4700:4700::1111", "127.0.0.1"]
  ]
  it.live.each(rebound.map((addresses) => [addresses] as const))("to %s is not reached", ([addresses]) =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve({ "hooks.rebound.example": ["1.1.1.1", "2606:4700:4700::1111"] })
      const { port, reached } = yield* TcpServer.listen((socket) => socket.destroy())
      const origin = `https://hooks.rebound.example:${port}`
      yield* Effect.gen(function* () {
        yield* Egress.use(({ check }) => check(origin))
        names.answers.set("hooks.rebound.example", addresses)
        const reason = yield* failure(origin)
        assert.strictEqual(reason._tag, "Misconfigured")
        assert.include(reason.detail, "TOCSIN_EGRESS_ALLOW")
        assert.include(yield* Effect.flip(Egress.use(({ check }) => check(origin))), { _tag: "EgressRefused" })
      }).pipe(Effect.provide(guard(names, { allow: "10.0.0.0/8" })))
      assert.strictEqual(reached(), 0)
    })
  )

  it.live("is reached where the operator allows it", () =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve({ "hooks.rebound.example": ["127.0.0.1"] })
      const { port, reached } = yield* TcpServer.listen((socket) => socket.destroy())
      const reason = yield* Effect.provide(
        failure(`https://hooks.rebound.example:${port}`),
        guard(names, { allow: "127.0.0.0/8" })
      )
      assert.strictEqual(reason._tag, "Unavailable")
      assert.strictEqual(reached(), 1)
    })
  )
})

describe("The resolver", () => {
  const resolve = (hostname: string) => Resolver.use(({ resolve }) => Effect.map(resolve(hostname), String))

  it.live("asks the hosts file first", () =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve({ localhost: ["1.1.1.1"] })
      assert.include(yield* Effect.provide(resolve("LocalHost."), guard(names)), "127.0.0.1")
      assert.lengthOf(names.asked, 0)
    })
  )

  it.live("asks the system where DNS knows no such name, and not where DNS fails", () =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve({ "failing.example": "failure", "only-six.example": ["2606:4700::1"] })
      const errors = yield* Effect.forEach(["missing.invalid", "failing.example"], (name) =>
        Effect.flip(resolve(name))
      ).pipe(Effect.provide(guard(names)))
      assert.deepStrictEqual(
        errors.map(({ method }) => method),
        ["lookup", "resolve"]
      )
      assert.include(yield* Effect.provide(resolve("only-six.example"), guard(names)), "2606:4700::1")
    })
  )

  it.live("asks once for all pending callers, and again for the next", () =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve({ "shared.example": ["1.1.1.1"] })
      let answer = () => {}
      const held = new Promise<void>((resolve) => (answer = resolve))
      names.before = () => held
      yield* Effect.gen(function* () {
        const waiting = yield* Effect.forkChild(
          Effect.all([resolve("shared.example"), resolve("shared.example")], { concurrency: 2 })
        )
        yield* until("both questions", () => names.asked.length === 2)
        answer()
        assert.deepStrictEqual(yield* Fiber.join(waiting), ["1.1.1.1", "1.1.1.1"])
        assert.lengthOf(names.asked, 2)
        yield* resolve("shared.example")
        assert.lengthOf(names.asked, 4)
      }).pipe(Effect.provide(guard(names)))
    })
  )

  it.live(
    "is not blocked by names whose DNS never answers",
    () =>
      Effect.gen(function* () {
        const hung = ["one", "two", "three", "four"].map((name) => `${name}.example`)
        const names = yield* NameServer.serve({
          ...Object.fromEntries(hung.map((name) => [name, "silence"])),
          "five.example": ["127.0.0.1"]
        })
        const { port, reached } = yield* TcpServer.listen((socket) => socket.destroy())
        yield* Effect.gen(function* () {
          const attempts = yield* Effect.forEach(hung, (name) => Effect.forkChild(failure(`https://${name}:${port}`)))
          yield* until("all questions", () => hung.every((name) => names.asked.includes(name)))
          yield* failure(`https://five.example:${port}`)
          assert.strictEqual(reached(), 1)
          assert.isTrue(attempts.every((fiber) => fiber.pollUnsafe() === undefined))
          for (const attempt of attempts) {
            assert.deepInclude(yield* Fiber.join(attempt), {
              _tag: "Unavailable",
              detail: "The name does not resolve: Timeout"
            })
          }
        }).pipe(Effect.provide(guard(names, { allow: "127.0.0.1" })))
      }),
    15_000
  )
})
