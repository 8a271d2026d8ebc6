/**
 * Sending: the plugin is called once, within its time-out.
 */
import {
  ChannelPlugin,
  DeliveryError,
  type Notification,
  PayloadRejected,
  type Reason,
  Unavailable
} from "@tocsin/core"
import { Cause, Duration, Effect, Exit, Schema } from "effect"
import { hashed } from "../config/rateLimits.ts"
import type { ReadyIntegration } from "../domain/integration.ts"
import { RateLimiter } from "./RateLimiter.ts"

/** What became of a call of the plugin. */
export type Sent =
  | { readonly _tag: "Delivered"; readonly receipt: ChannelPlugin.Receipt }
  | { readonly _tag: "Failed"; readonly reason: Reason }

/** Calls the plugin once, and applies what the service says of its limits. */
export const send = Effect.fnUntraced(function* (
  { channel, integration: { delivery = {}, settings }, plugin }: ReadyIntegration,
  notification: Notification,
  options: ChannelPlugin.DeliverOptions
): Effect.fn.Return<Sent, never, RateLimiter> {
  const rateLimiter = yield* RateLimiter
  const applyHints = (hints: ChannelPlugin.Receipt["rateLimits"]) =>
    Effect.forEach(hints ?? [], ({ key, remaining, resetAt }) =>
      rateLimiter.hint(hashed(plugin.type, key), remaining, resetAt.epochMilliseconds)
    )

  // Only its time-out ends an attempt that has begun, also when the caller cannot be interrupted.
  const exit = yield* Effect.interruptible(Effect.suspend(() => channel.deliver(settings, notification, options))).pipe(
    Effect.timeoutOrElse({
      duration: Duration.seconds(delivery.timeout ?? 10),
      orElse: () => new DeliveryError({ reason: new Unavailable({ detail: "No answer in time", unanswered: true }) })
    }),
    // A bug of the plugin: it may do better with the plain form than with the rich one.
    Effect.catchDefect(() => new DeliveryError({ reason: new PayloadRejected({ detail: "The plugin failed" }) })),
    Effect.exit
  )
  if (Exit.isSuccess(exit)) {
    // The message was sent, whatever the plugin returns for it.
    const receipt = isReceipt(exit.value) ? exit.value : {}
    yield* applyHints(receipt.rateLimits)
    return { _tag: "Delivered", receipt }
  }
  const { rateLimits, reason } = failureOf(exit.cause)
  yield* applyHints(rateLimits)
  return { _tag: "Failed", reason }
})

const isReceipt = Schema.is(ChannelPlugin.Receipt)

/** Why an attempt failed. One that was interrupted from within may have arrived. */
const failureOf = (cause: Cause.Cause<DeliveryError>): DeliveryError => {
  const error = Cause.squash(cause)
  return error instanceof DeliveryError
    ? error
    : new DeliveryError({ reason: new Unavailable({ detail: "The plugin broke off", unanswered: true }) })
}

/** An attempt that a stop of the lane cannot wait for. */
export const cutShort: Sent = {
  _tag: "Failed",
  reason: new Unavailable({ detail: "handed back, because the gateway stopped: perhaps sent twice", unanswered: true })
}

/** An attempt that did not begin. */
export const notBegun: Sent = {
  _tag: "Failed",
  reason: new Unavailable({ detail: "not sent: its lane was to go on elsewhere, or with other settings" })
}
