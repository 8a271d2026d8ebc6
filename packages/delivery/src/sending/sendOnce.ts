/**
 * One attempt: the plugin is asked once, within its time.
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
import { RateLimiter } from "./RateLimiter.ts"
import type { ReadyIntegration } from "../domain/integration.ts"

/** How an attempt ended. */
export type Tried =
  | { readonly _tag: "Delivered"; readonly receipt: ChannelPlugin.Receipt }
  | { readonly _tag: "Failed"; readonly reason: Reason }

/** How an attempt ends that a stop cannot wait for. */
export const stopped: Tried = {
  _tag: "Failed",
  reason: new Unavailable({ detail: "handed back, because the gateway stopped: perhaps sent twice", unanswered: true })
}

/** How an attempt ends that did not begin. */
export const unsent: Tried = {
  _tag: "Failed",
  reason: new Unavailable({ detail: "not sent: its lane was to go on elsewhere, or with other settings" })
}

/** Asks the plugin once. What the service said of its limits is heeded; nothing else follows from the end here. */
export const sendOnce = Effect.fnUntraced(function* (
  { channel, integration: { delivery = {}, settings }, plugin }: ReadyIntegration,
  notification: Notification,
  options: ChannelPlugin.DeliverOptions
): Effect.fn.Return<Tried, never, RateLimiter> {
  const rateLimiter = yield* RateLimiter
  const heed = (hints: ChannelPlugin.Receipt["rateLimits"]) =>
    Effect.forEach(hints ?? [], ({ key, remaining, resetAt }) =>
      rateLimiter.hint(hashed(plugin.type, key), remaining, resetAt.epochMilliseconds)
    )

  // Only its time-out ends an attempt that has begun, also when the caller cannot be interrupted.
  const exit = yield* Effect.interruptible(Effect.suspend(() => channel.deliver(settings, notification, options))).pipe(
    Effect.timeoutOrElse({
      duration: Duration.seconds(delivery.timeout ?? 10),
      orElse: () => new DeliveryError({ reason: new Unavailable({ detail: "No answer in time", unanswered: true }) })
    }),
    // A plugin's bug: the plain form may do better than the rich one.
    Effect.catchDefect(() => new DeliveryError({ reason: new PayloadRejected({ detail: "The plugin failed" }) })),
    Effect.exit
  )
  if (Exit.isSuccess(exit)) {
    // The message went out, whatever the plugin gives back for it.
    const receipt = isReceipt(exit.value) ? exit.value : {}
    yield* heed(receipt.rateLimits)
    return { _tag: "Delivered", receipt }
  }
  const { rateLimits, reason } = failureOf(exit.cause)
  yield* heed(rateLimits)
  return { _tag: "Failed", reason }
})

const isReceipt = Schema.is(ChannelPlugin.Receipt)

/** Why an attempt failed; one that ended in another way than it may (interrupted from within) perhaps arrived. */
const failureOf = (cause: Cause.Cause<DeliveryError>): DeliveryError => {
  const error = Cause.squash(cause)
  return error instanceof DeliveryError
    ? error
    : new DeliveryError({ reason: new Unavailable({ detail: "The plugin broke off", unanswered: true }) })
}
