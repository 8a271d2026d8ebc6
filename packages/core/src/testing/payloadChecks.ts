import { assert } from "@effect/vitest"
import { Arbitrary, Effect, Exit } from "effect"
import type { Form } from "../ChannelPlugin.ts"
import { Notification } from "../Notification.ts"
import type { Check } from "./ChannelPluginTest.ts"
import { agent, crowded, hostile, notifications, raised } from "./samples.ts"
import type { Trial } from "./trial.ts"

const forms: ReadonlyArray<Form> = ["rich", "plain"]

/** What is sent for whatever has to be said. */
export const payloadChecks = ({ deliver, options }: Trial): ReadonlyArray<Check> => {
  const isIdempotent =
    options.idempotent ?? (({ method }) => method === "PUT" || method === "GET" || method === "DELETE")

  const isTaken = Effect.fnUntraced(function* (notification: Notification) {
    for (const form of forms) {
      const { exit, printed, requests } = yield* deliver(notification, { form })
      assert.isTrue(Exit.isSuccess(exit), printed)
      assert.isAbove(requests.length, 0, "nothing was sent")
      for (const request of requests) assert.deepStrictEqual(options.validate?.(request) ?? [], [])
      assert.isTrue(requests.slice(0, -1).every(isIdempotent), "a request before the last is not idempotent")
    }
    return true
  })

  return [
    ...Object.entries(given).map(([what, notification]) => ({
      name: `gives what the service takes for ${what}`,
      run: Effect.asVoid(isTaken(notification))
    })),
    {
      name: "gives what the service takes for any notification",
      run: Effect.gen(function* () {
        const result = yield* Arbitrary.checkEffect(Arbitrary.schema(Notification), isTaken, { runs: 100 })
        assert.strictEqual(Arbitrary.formatCheckFailure(result), undefined)
      })
    }
  ]
}

const given: { readonly [what: string]: Notification } = {
  ...Object.fromEntries(Object.entries(notifications).map(([kind, notification]) => [`a ${kind}`, notification])),
  "an alert without optional fields": { _tag: "Raised", alert: { ...agent, observations: [] } },
  "hostile text": { _tag: "Raised", alert: hostile },
  "names at their limits": {
    _tag: "Raised",
    alert: {
      ...raised,
      rule: { name: "漢".repeat(4096), expression: "&".repeat(4096) },
      test: { name: "👩‍👩‍👧‍👦".repeat(372), targets: ["<".repeat(4096)] },
      summary: "\n> ".repeat(1365)
    }
  },
  "5,000 observations": {
    _tag: "Raised",
    alert: {
      ...crowded,
      observations: Array.from({ length: 5000 }, (_, n) => ({ name: `Agent ${n}`, atStart: "x".repeat(200) }))
    }
  }
}
