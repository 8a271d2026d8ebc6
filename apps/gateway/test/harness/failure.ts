/**
 * One attempt of a plugin, and why it failed.
 */
import type { ChannelPlugin, Reason } from "@tocsin/core"
import { samples } from "@tocsin/core/testing"
import { Slack } from "@tocsin/plugin-slack"
import { Effect, Redacted } from "effect"

/** The reason why a message by the origin's webhook does not arrive. */
export const failure = (origin: string): Effect.Effect<Reason, ChannelPlugin.Receipt, Slack> =>
  Effect.gen(function* () {
    const slack = yield* Slack
    const url = Redacted.make(`${origin}/services/T0/B0/aSecret`)
    const { reason } = yield* Effect.flip(slack.deliver({ url }, samples.notifications.Raised, { form: "rich" }))
    return reason
  })
