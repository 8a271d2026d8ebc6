import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { Misconfigured, Unavailable } from "../../DeliveryError.ts"
import { type Check, type ConnectionOptions, tagOf } from "../options.ts"
import { type ConnectionService, ends, frameBytes } from "../connection.ts"
import { notifications } from "../samples.ts"
import type { Trial } from "../trial.ts"

/** Checks how a plugin classifies failed connections, and answers on a connection. */
export const connectionChecks = (
  { deliver, fails, outcome }: Trial,
  service: ConnectionService,
  { peer, refused = [] }: Pick<ConnectionOptions<never>, "peer" | "refused">
): ReadonlyArray<Check> => {
  /** How often the plugin reads before it reports a message as delivered. */
  const readings = Effect.gen(function* () {
    let count = 0
    yield* deliver(notifications.Raised, { answer: service.answersBy(peer, () => void count++) })
    return count
  })
  /** The outcomes if the connection ends instead of the nth answer, for each answer that the plugin waits for. */
  const broken = Effect.gen(function* () {
    const count = yield* readings
    return yield* Effect.forEach(ends, (ends) =>
      Effect.forEach(
        Array.from({ length: count }, (_, n) => n + 1),
        (nth) => outcome(service.failsAt(nth, { says: "", ends }))
      )
    )
  })

  return [
    {
      name: "reports why there is no connection",
      run: Effect.gen(function* () {
        const reason = yield* fails(service.refuses(new Unavailable({ detail: "ECONNREFUSED" })), "Unavailable")
        assert.notProperty(reason, "unanswered", "nothing was sent")
        yield* fails(service.refuses(new Misconfigured({ detail: "not allowed" })), "Misconfigured")
      })
    },
    ...refused.map(([peer, reason], n) => ({
      name: `calls refusal ${n + 1} ${tagOf(reason)}`,
      run: fails(service.answersBy(peer), reason)
    })),
    {
      name: "calls a connection that ends early Unavailable",
      run: Effect.gen(function* () {
        for (const reasons of yield* broken) {
          // A connection that ends after the delivery is not a failure.
          const failed = reasons.filter((reason) => reason !== undefined)
          assert.deepStrictEqual(
            reasons.slice(0, failed.length),
            failed,
            "a connection that ends later fails, though one that ends earlier does not"
          )
          assert.isTrue(reasons.length === 0 || failed.length > 0, "no answer arrived, but `deliver` succeeds")
          for (const { _tag } of failed) assert.strictEqual(_tag, "Unavailable")
        }
      })
    },
    {
      name: "reports an unknown outcome where the connection ends after the message",
      run: Effect.gen(function* () {
        for (const reasons of yield* broken) {
          const last = reasons.findLast((reason) => reason !== undefined)
          if (last?._tag === "Unavailable") assert.strictEqual(last.unanswered, true)
        }
      })
    },
    {
      name: "understands malformed answers",
      run: Effect.gen(function* () {
        for (const says of malformed) yield* fails(service.failsAt(1, { says, ends: ends[0]! }))
      })
    },
    {
      name: "reads no more of an endless answer than it needs",
      run: Effect.gen(function* () {
        let read = 0
        // The answer ends, so that a plugin that reads all of it fails the check instead of hanging.
        const endless = { says: new Uint8Array(1_048_576).fill(97), ends: ends[0]! }
        yield* fails(service.failsAt(1, endless, () => void read++))
        assert.isBelow(read * frameBytes, endless.says.length)
      })
    }
  ]
}

const malformed = [
  "\n",
  "\r\n\r\n",
  "{\r\n",
  "<html>\r\n",
  ": :\r\n",
  "999999999999\r\n",
  "\u0000\r\n",
  "x".repeat(65_536),
  new Uint8Array([0xff, 0xfe, 0x00, 0xc3, 0x0a])
]
