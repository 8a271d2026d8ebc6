import { assert } from "@effect/vitest"
import { Deferred, Effect, Exit } from "effect"
import { TestClock } from "effect/testing"
import type { Check } from "../options.ts"
import { processWatch } from "../processWatch.ts"
import { notifications } from "../samples.ts"
import type { Sent } from "../service.ts"
import { nextTurn, pause, rich, type Seen, type Trial } from "../trial.ts"

/** Checks the behaviour of a plugin during a call. */
export const conductChecks = ({
  call,
  decode,
  deliver,
  options,
  plugin,
  service,
  verify,
  within
}: Trial): ReadonlyArray<Check> => {
  /** Delivers to services that do not answer, and observes each call once it can only wait. */
  const hanging = Effect.fnUntraced(function* (
    look: (call: {
      readonly poll: () => Exit.Exit<unknown, unknown> | undefined
      readonly interrupt: () => void
      readonly sent: ReadonlyArray<Sent>
    }) => Effect.Effect<void>
  ) {
    for (const hangs of service.hangs) {
      const release = yield* Deferred.make<void>()
      const answer = hangs(Deferred.await(release))
      const { call, sent } = within(answer, (channel, settings) =>
        channel.deliver(settings, notifications.Raised, rich)
      )
      const fiber = yield* Effect.forkChild(call)
      for (let waits = 0; waits < 100 && sent.length === 0 && fiber.pollUnsafe() === undefined; waits++) yield* pause
      yield* turns
      yield* look({ poll: () => fiber.pollUnsafe(), interrupt: () => fiber.interruptUnsafe(), sent }).pipe(
        // A call that cannot be interrupted would block the test, too.
        Effect.ensuring(Effect.andThen(Deferred.succeed(release, undefined), turns)),
        Effect.ensuring(Effect.sync(() => fiber.interruptUnsafe()))
      )
    }
  })
  /** Delivers to, and verifies at, services of every kind. */
  const everything = Effect.gen(function* () {
    const seen: Array<Seen<unknown>> = []
    const secrets = options.secrets.join(" ")
    for (const answer of [service.accepts, ...service.fails(secrets), ...service.otherwise(secrets)]) {
      seen.push(yield* deliver(notifications.Raised, { answer }), yield* verify(answer))
    }
    return seen
  })

  return [
    {
      name: "has no timeout of its own",
      run: hanging(({ poll, sent }) =>
        Effect.gen(function* () {
          const before = [poll(), sent.length]
          for (let hour = 0; hour < 5; hour++) yield* Effect.andThen(TestClock.adjust("1 hour"), turns)
          assert.deepStrictEqual(
            [poll(), sent.length],
            before,
            "the call ended or sent again by itself: leave timeouts and retries to the engine"
          )
        })
      )
    },
    {
      name: "can be interrupted while the service hangs",
      run: hanging(({ interrupt, poll, sent }) =>
        Effect.gen(function* () {
          if (poll() !== undefined) return
          interrupt()
          yield* turns
          const exit = poll()
          assert.isTrue(exit !== undefined && Exit.hasInterrupts(exit), "the call goes on after its interruption")
          for (const { isOpen } of sent) assert.isFalse(isOpen(), "a request is still open after the interruption")
        })
      )
    },
    {
      name: "makes one attempt, whatever happens",
      run: Effect.gen(function* () {
        for (const answer of service.fails("")) {
          const { sent } = yield* deliver(notifications.Raised, { answer })
          assert.lengthOf(sent, 1)
        }
        const usual = yield* deliver(notifications.Raised)
        for (const answer of service.otherwise("")) {
          const { sent } = yield* deliver(notifications.Raised, { answer })
          assert.isAtMost(sent.length, usual.sent.length)
        }
      })
    },
    {
      name: "leaves no connection open",
      run: Effect.gen(function* () {
        for (const { left } of yield* everything) assert.lengthOf(left, 0)
      })
    },
    {
      name: "writes no logs",
      run: Effect.gen(function* () {
        const { printers } = yield* processWatch(
          Effect.gen(function* () {
            for (const { logs } of yield* everything) assert.deepStrictEqual(logs, [])
          })
        )
        assert.deepStrictEqual(printers, [], "the plugin writes to the console")
      })
    },
    {
      name: "prints no secret, whatever the service answers",
      run: Effect.gen(function* () {
        for (const { logs, printed, spans } of yield* everything) {
          for (const secret of options.secrets) {
            for (const text of [printed, spans, ...logs]) assert.isFalse(text.includes(secret), "a secret was printed")
          }
        }
      })
    },
    {
      name: "reads no configuration",
      run: Effect.gen(function* () {
        for (const { configuration } of yield* everything) assert.deepStrictEqual(configuration, [])
      })
    },
    {
      name: "reads no environment variables",
      run: Effect.gen(function* () {
        const { variables } = yield* processWatch(everything)
        assert.deepStrictEqual(variables, [])
      })
    },
    {
      name: "sends the same for the same input, whatever was sent before and whatever the time is",
      run: Effect.gen(function* () {
        const first = yield* deliver(notifications.Raised)
        yield* TestClock.adjust("1 day")
        const mixed = yield* call(service.accepts, (channel, settings) =>
          Effect.gen(function* () {
            for (const notification of [notifications.Cleared, notifications.Raised, notifications.Raised]) {
              yield* channel.deliver(settings, notification, rich)
            }
          })
        )
        const each = wires(first.sent)
        assert.isAbove(each.length, 0)
        assert.deepStrictEqual(wires(mixed.sent).slice(-2 * each.length), [...each, ...each])
      })
    },
    {
      name: "sends two deliveries as two messages, and a repeated attempt as the same message",
      run: Effect.gen(function* () {
        const other = { deliveryId: "01966d2c-6d00-7000-8000-0000000000d2" }
        const one = yield* deliver(notifications.Notice)
        const two = yield* deliver(notifications.Notice, other)
        const again = yield* deliver(notifications.Notice, other)
        assert.deepStrictEqual(
          wires(again.sent),
          wires(two.sent),
          "another attempt of the same delivery sends a different message"
        )
        const [first, second] = [one.sent.at(-1), two.sent.at(-1)]
        assert.isFalse(
          first?.isIdempotent() === true && first.wire() === second?.wire(),
          "the service cannot tell two equal notices apart: put `options.deliveryId` into the request"
        )
      })
    },
    {
      name: "keeps the settings of two integrations apart, also at the same time",
      run: Effect.gen(function* () {
        const other = yield* decode(plugin.example)
        const one = yield* deliver(notifications.Raised)
        const two = yield* deliver(notifications.Raised, { settings: plugin.example })
        assert.notDeepEqual(
          wires(two.sent),
          wires(one.sent),
          "other settings send the same message. If the test's `settings` equal the plugin's `example`, change them"
        )
        const both = yield* call(service.accepts, (channel, settings) =>
          Effect.forEach(
            [settings, other, settings],
            (settings) => Effect.exit(channel.deliver(settings, notifications.Raised, rich)),
            { concurrency: "unbounded" }
          )
        )
        assert.deepStrictEqual<unknown>(both.exit, Exit.succeed([one.exit, two.exit, one.exit]))
        assert.deepStrictEqual(wires(both.sent).sort(), [one, two, one].flatMap(({ sent }) => wires(sent)).sort())
      })
    },
    {
      name: "names its destination",
      run: Effect.gen(function* () {
        const { exit, sent } = yield* call(service.accepts, (channel, settings) =>
          Effect.as(channel.deliver(settings, notifications.Raised, rich), channel.destination(settings))
        )
        if (!Exit.isSuccess(exit)) return assert.fail("`deliver` or `destination` fails")
        for (const { origin } of sent) {
          assert.strictEqual(
            originOf(exit.value),
            origin,
            "`destination` names a server other than the one that `deliver` calls"
          )
        }
      })
    }
  ]
}

const originOf = (destination: string): string => {
  const { host, protocol } = new URL(destination)
  return `${protocol}//${host}`
}

const wires = (sent: ReadonlyArray<Sent>) => sent.map(({ wire }) => wire())

/** Enough turns for a call to proceed until it can only wait for an answer. */
const turns = Effect.repeat(nextTurn, { times: 5 })
