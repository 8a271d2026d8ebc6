import { assert, describe, it } from "@effect/vitest"
import { type Alert, InboundLimits, Message, Notification } from "@tocsin/core"
import { generated, samples } from "@tocsin/core/testing"
import { Arbitrary, Effect, Schema } from "effect"

const sampled = Effect.orDie(Arbitrary.sampleEffect(generated.notification, { count: 300, size: 20, seed: 1 }))

const alertsOf = (notifications: ReadonlyArray<Notification>): ReadonlyArray<Alert> =>
  notifications.flatMap((notification) => ("alert" in notification ? [notification.alert] : []))

describe("generated notifications", () => {
  it.effect("are of every kind, and each is one", () =>
    Effect.gen(function* () {
      const notifications = yield* sampled
      const kinds = new Set(notifications.map(({ _tag }) => _tag))
      assert.deepStrictEqual([...kinds].toSorted(), Object.keys(samples.notifications).toSorted())
      assert.isTrue(notifications.every(Schema.is(Notification)))
    })
  )

  it.effect("have and lack optional fields", () =>
    Effect.gen(function* () {
      const alerts = alertsOf(yield* sampled)
      for (const key of ["summary", "test", "assumedTimeZone"] as const) {
        assert.isTrue(alerts.some((alert) => alert[key] === undefined))
        assert.isTrue(alerts.some((alert) => alert[key] !== undefined))
      }
      assert.isTrue(alerts.some(({ observations }) => observations.length === 0))
      assert.isTrue(alerts.some(({ observations }) => observations.length >= 40))
      assert.isTrue(alerts.some(({ labels }) => Object.keys(labels).length > 0))
    })
  )

  it.effect("have text with a special meaning in channels in every field, up to the limits", () =>
    Effect.gen(function* () {
      const notifications = yield* sampled
      const texts = notifications.map((notification) => JSON.stringify(Message.fromNotification(notification)))
      for (const piece of ["<script>", "<!channel>", "@all", "(failed)", "```", "\\u0000", "\\ud83d", "user:pass@"]) {
        assert.isTrue(
          texts.some((text) => text.includes(piece)),
          piece
        )
      }
      const alerts = alertsOf(notifications)
      assert.isTrue(alerts.some(({ rule }) => rule.name.length === InboundLimits.maxTextLength))
      for (const { labels } of alerts) {
        for (const text of Object.entries(labels).flat()) assert.isAtMost(text.length, InboundLimits.maxLabelLength)
      }
      const foreign = (text: string | undefined) => text !== undefined && /[<@]/.test(text)
      assert.isTrue(alerts.some(({ observations }) => observations.some(({ atStart }) => foreign(atStart))))
      assert.isTrue(alerts.some(({ test }) => test?.targets?.some(foreign) === true))
      assert.isTrue(alerts.some(({ labels }) => Object.keys(labels).some(foreign)))
      assert.isTrue(notifications.some((one) => one._tag === "Notice" && one.lines.some(foreign)))
      assert.isTrue(notifications.some((one) => one._tag === "Digest" && one.groups.some(({ rule }) => foreign(rule))))
    })
  )
})
