import { DestinationGone, PayloadRejected, Unavailable } from "@tocsin/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { withoutWarning } from "../harness/clock.ts"
import { accept, event, fixture, integration, pass, raise, rule, save } from "../harness/engine.ts"

type Test = Parameters<typeof fixture>[0]

/** Runs a test of the engine with the lines of its log, without ids of deliveries. */
const logged = (test: (log: Array<string>) => Test) => {
  const log: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    log.push(`${logLevel} ${String(message).replace(/Delivery \S+/, "Delivery")}`)
  })
  return () => Effect.provide(fixture(test(log))(), Layer.provideMerge(withoutWarning, Logger.layer([logger])))
}

describe("The log of a lane", () => {
  it.effect.each([
    {
      title: "when its integration breaks",
      reason: new DestinationGone({ detail: "HTTP 404" }),
      line: "Warn Integration ops is broken: DestinationGone: HTTP 404"
    },
    {
      title: "when its circuit opens, however long it stays open",
      reason: new Unavailable({ detail: "HTTP 503" }),
      line: "Warn The circuit of integration ops is open: Unavailable: HTTP 503"
    }
  ])("has one line $title, and one when it works again", ({ line, reason }) =>
    logged(
      (log) => (script) =>
        Effect.gen(function* () {
          script.always("ops", { fail: reason })
          yield* save(integration("ops"), rule("all"))
          yield* raise("a")
          yield* pass("2 hours")
          assert.deepStrictEqual(log, [line])
          script.always("ops", "ok")
          yield* pass("10 minutes")
          assert.deepStrictEqual(log.slice(1), ["Info Integration ops works again."])
        })
    )()
  )

  it.effect(
    "names a delivery that is dead, with the reason",
    logged(
      (log) => (script) =>
        Effect.gen(function* () {
          script.always("ops", { fail: new PayloadRejected({ detail: "HTTP 400" }) })
          yield* save(integration("ops"), rule("all"))
          yield* raise("a")
          yield* pass("1 minute")
          assert.deepStrictEqual(log, ["Warn Delivery to integration ops is dead: PayloadRejected: HTTP 400"])
        })
    )
  )

  it.effect(
    "logs again that it is broken after an edit that did not fix it",
    logged(
      (log) => (script) =>
        Effect.gen(function* () {
          script.always("ops", { fail: new DestinationGone({ detail: "HTTP 404" }) })
          yield* save(integration("ops"), rule("all"))
          yield* raise("a")
          yield* pass("1 minute")
          yield* save(integration("ops", { name: "Another" }))
          yield* pass("1 minute")
          assert.deepStrictEqual(log, Array(2).fill("Warn Integration ops is broken: DestinationGone: HTTP 404"))
          script.always("ops", "ok")
          yield* save(integration("ops"))
          yield* pass("1 minute")
          assert.deepStrictEqual(log.slice(2), ["Info Integration ops works again."])
        })
    )
  )

  it.effect(
    "has one line when a storm begins, and one when nothing is pending any more",
    logged(
      (log) => () =>
        Effect.gen(function* () {
          yield* save(integration("ops", { limits: { messages: 5, perSeconds: 60, burst: 1 } }), rule("all"))
          yield* accept(...Array.from({ length: 50 }, (_, n) => event(`a${n}`)))
          yield* pass("5 minutes")
          assert.lengthOf(log, 2, log.join("\n"))
          assert.match(
            log[0] ?? "",
            /^Warn A storm at integration ops begins: \d+ deliveries are pending, and are sent as digests\.$/
          )
          assert.strictEqual(log[1], "Info The storm at integration ops is over.")
        })
    )
  )
})
