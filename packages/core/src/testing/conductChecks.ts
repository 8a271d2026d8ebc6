import { assert } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit } from "effect"
import { TestClock } from "effect/testing"
import type { Check } from "./ChannelPluginTest.ts"
import { notifications } from "./samples.ts"
import { type Answer, disconnect, nextTurn, respond, type Trial, wire } from "./trial.ts"

/** How a plugin behaves while it works. */
export const conductChecks = ({ call, deliver, options, plugin, within }: Trial): ReadonlyArray<Check> => {
  /** Delivers to a service that never answers, lets hours pass, and interrupts. */
  const hanging = Effect.gen(function* () {
    const release = yield* Deferred.make<void>()
    const hang: Answer = (request) => Effect.andThen(Deferred.await(release), disconnect(request))
    const { call, requests } = within(hang, (channel, settings) =>
      channel.deliver(settings, notifications.Raised, { form: "rich" })
    )
    const fiber = yield* Effect.forkChild(call)
    for (let turn = 0; turn < 5; turn++) {
      yield* nextTurn
      yield* TestClock.adjust("1 hour")
    }
    const early = fiber.pollUnsafe()
    fiber.interruptUnsafe()
    for (let turn = 0; turn < 5; turn++) yield* nextTurn
    const late = fiber.pollUnsafe()
    // What cannot be interrupted would keep the test waiting, too.
    yield* Deferred.succeed(release, undefined)
    return { early, late, requests }
  })

  return [
    {
      name: "has no timeout of its own",
      run: Effect.gen(function* () {
        const { early, requests } = yield* hanging
        assert.isUndefined(early, "it gave up on its own")
        assert.lengthOf(requests, 1)
      })
    },
    {
      name: "can be interrupted while the service hangs",
      run: Effect.gen(function* () {
        const { early, late } = yield* hanging
        if (early === undefined) assert.isTrue(late !== undefined && Exit.hasInterrupts(late), "it goes on")
      })
    },
    {
      name: "makes one attempt, whatever happens",
      run: Effect.gen(function* () {
        for (const status of [408, 429, 500, 503]) {
          const answer = respond(() => new Response("", { status, headers: { "retry-after": "1" } }))
          const { requests } = yield* deliver(notifications.Raised, { answer })
          assert.lengthOf(requests, 1)
        }
      })
    },
    {
      name: "writes no logs, and no secret into spans or receipts",
      run: Effect.gen(function* () {
        const { exit, logs, printed, spans } = yield* deliver(notifications.Raised)
        assert.isTrue(Exit.isSuccess(exit), printed)
        assert.deepStrictEqual(logs, [])
        for (const secret of options.secrets) assert.isFalse((printed + spans).includes(secret), "a secret was printed")
      })
    },
    {
      name: "reads no configuration",
      run: Effect.gen(function* () {
        const { exit } = yield* deliver(notifications.Raised)
        if (Exit.isFailure(exit)) assert.notInclude(Cause.pretty(exit.cause), "reads configuration")
      })
    },
    {
      name: "makes the same requests for the same input, whatever was sent before and whatever the time is",
      run: Effect.gen(function* () {
        const first = yield* deliver(notifications.Raised)
        yield* TestClock.adjust("1 day")
        const mixed = yield* call(respond(options.accepted), (channel, settings) =>
          Effect.gen(function* () {
            for (const notification of [notifications.Cleared, notifications.Raised, notifications.Raised]) {
              yield* channel.deliver(settings, notification, { form: "rich" })
            }
          })
        )
        const each = first.requests.map(wire)
        assert.isAbove(each.length, 0)
        assert.deepStrictEqual(mixed.requests.slice(-2 * each.length).map(wire), [...each, ...each])
      })
    },
    {
      name: "tells where it sends",
      run: Effect.gen(function* () {
        const { exit, requests } = yield* call(respond(options.accepted), (channel, settings) =>
          Effect.as(channel.deliver(settings, notifications.Raised, { form: "rich" }), channel.destination(settings))
        )
        assert.isTrue(Exit.isSuccess(exit))
        for (const { url } of requests) assert.deepStrictEqual(exit, Exit.succeed(new URL(url).origin))
      })
    },
    {
      name: "verifies only if it says so, and with one request that posts nothing",
      run: Effect.gen(function* () {
        const { exit, requests } = yield* call(respond(options.accepted), (channel, settings) =>
          Effect.suspend(() => {
            assert.strictEqual(channel.verify !== undefined, plugin.capabilities.verify === true)
            return Effect.ignore(channel.verify?.(settings) ?? Effect.void)
          })
        )
        assert.isTrue(Exit.isSuccess(exit), "capabilities and verify disagree")
        const harmless = options.postsNothing ?? (({ method }) => method === "GET" || method === "HEAD")
        for (const request of requests) assert.isTrue(harmless(request), `verify makes a ${request.method}`)
        assert.isAtMost(requests.length, 1)
      })
    }
  ]
}
