/**
 * Sending: calls the plugin once, with a timeout.
 */
import {
  ChannelPlugin,
  DeliveryError,
  HttpChannel,
  type Notification,
  type PartialDelivery,
  PayloadRejected,
  PluginDefect,
  Reason,
  type RecipientOutcome,
  redactText,
  Unavailable
} from "@tocsin/core"
import { Cause, Effect, Exit, Schema } from "effect"
import { hashed } from "../config/rateLimits.ts"
import { type ReadyIntegration, timeoutOf } from "../domain/integration.ts"
import type { FailureReason, PluginFailed } from "../domain/failureReason.ts"
import { storable } from "../domain/storableText.ts"
import { RateLimiter } from "./RateLimiter.ts"
import { type Stop, withinLimits } from "./withinLimits.ts"

/** The result of a call of the plugin. */
export type Sent =
  | { readonly _tag: "Delivered"; readonly receipt: ChannelPlugin.Receipt; readonly isSkipped?: true }
  | { readonly _tag: "Failed"; readonly reason: FailureReason; readonly partial?: PartialDelivery }

/**
 * Calls the plugin once, and applies the rate limits that the service reports. Every text that the plugin returns is
 * redacted against the integration's secrets, whoever wrote the plugin.
 */
export const send = Effect.fnUntraced(function* (
  ready: ReadyIntegration,
  notification: Notification,
  { options, stop }: { readonly options: ChannelPlugin.DeliverOptions; readonly stop?: Stop }
): Effect.fn.Return<Sent, never, RateLimiter> {
  const {
    channel,
    integration: { id, settings },
    plugin
  } = ready
  const rateLimiter = yield* RateLimiter
  const applyHints = (hints: ChannelPlugin.Receipt["rateLimits"]) =>
    Effect.forEach(hints ?? [], ({ key, remaining, resetAt }) =>
      rateLimiter.hint(hashed(plugin.type, key), remaining, resetAt.epochMilliseconds)
    )

  const skips: ReadonlyArray<string> = plugin.capabilities.skips ?? []
  // Digests and tests may not be skipped, whatever a plugin in JavaScript declares.
  const maySkip = notification._tag !== "Digest" && notification._tag !== "Test"
  if (maySkip && skips.includes(notification._tag)) return { _tag: "Delivered", receipt: {}, isSkipped: true }
  const counter = { made: 0 }
  const exit = yield* withinLimits(
    Effect.suspend(() => attempt(channel, settings, notification, options)).pipe(
      Effect.provideService(HttpChannel.RequestCounter, counter)
    ),
    { duration: timeoutOf(ready), stop }
  )
  if (counter.made > 1) yield* rateLimiter.spend(id, counter.made - 1)
  if (exit === "stopped") return cutShort
  if (exit === "late") return noAnswer
  if (Exit.isSuccess(exit)) {
    // The message was sent, whatever the plugin returns for it.
    const receipt = isReceipt(exit.value) ? exit.value : {}
    yield* applyHints(receipt.rateLimits)
    return { _tag: "Delivered", receipt: redactReceipt(receipt, settings) }
  }
  const defect = exit.cause.reasons.find(Cause.isDieReason)
  if (defect !== undefined) {
    const reason = yield* pluginFailed(defect.defect, { integration: id, settings, type: plugin.type })
    return { _tag: "Failed", reason }
  }
  const failure = failureOf(exit.cause)
  const { partial, rateLimits, reason } = failure
  yield* applyHints(rateLimits)
  return {
    _tag: "Failed",
    reason: redactReason(reasonFor(reason, options), settings),
    ...(partial && redactPartial(partial, settings))
  }
})

const isReceipt = Schema.is(ChannelPlugin.Receipt)

/** Why an attempt failed. If the plugin interrupted itself, the message may have arrived. */
const failureOf = (cause: Cause.Cause<DeliveryError>): DeliveryError => {
  const failed = cause.reasons.find(Cause.isFailReason)
  return failed !== undefined
    ? failed.error
    : new DeliveryError({ reason: new Unavailable({ detail: "The plugin broke off", unanswered: true }) })
}

/** Without a message in the conversation, a plugin that fails with `MessageGone` would be called forever. */
const reasonFor = (reason: Reason, { conversation }: ChannelPlugin.DeliverOptions): Reason =>
  reason._tag === "MessageGone" && (conversation?.messages ?? []).length === 0
    ? new PayloadRejected({ detail: reason.detail })
    : reason

/** A plugin in JavaScript may return anything; a result that is not an Effect is a bug of its `deliver`. */
const attempt = (...[channel, ...call]: Attempt): ReturnType<Attempt[0]["deliver"]> => {
  const made = PluginDefect.calling("deliver", () => channel.deliver(...call))
  if (Effect.isEffect(made)) return made
  throw PluginDefect.of("deliver", new TypeError("`deliver` returned no Effect"))
}

type Attempt = [ReadyIntegration["channel"], ...Parameters<ReadyIntegration["channel"]["deliver"]>]

/** Logs a bug of the plugin with its stack, and returns what history shows of it. */
const pluginFailed = Effect.fnUntraced(function* (
  thrown: unknown,
  { integration, settings, type }: { readonly integration: string; readonly settings: unknown; readonly type: string }
): Effect.fn.Return<PluginFailed> {
  const { kind, message, stack } = PluginDefect.of("deliver", thrown).redacted(settings)
  yield* Effect.annotateLogs(
    Effect.logError(
      `The plugin of type ${type} failed at the integration ${integration}: ${kind}: ${message}\n${stack}`
    ),
    { event: "plugin-failed", type, integration }
  )
  return { _tag: "PluginFailed", detail: kind }
})

const codec = Schema.toCodecJson(Reason)
const encodeReason = Schema.encodeSync(codec)
const decodeReason = Schema.decodeUnknownSync(codec)

const redactReason = (reason: Reason, settings: unknown): Reason => {
  const detail = redactText(reason.detail, settings)
  if (detail === reason.detail) return reason
  return decodeReason(Object.assign({}, encodeReason(reason), { detail }))
}

/** Removes the parts of a receipt that contain a secret, because it is stored and shown. */
const redactReceipt = (receipt: ChannelPlugin.Receipt, settings: unknown): ChannelPlugin.Receipt => {
  const { data, link, recipients, unreadable, ...rest } = receipt
  const isClean = (text: string) => redactText(text, settings) === text
  return {
    ...rest,
    ...(data !== undefined && isClean(JSON.stringify(data)) && { data }),
    ...(link !== undefined && isClean(link.href) && { link }),
    ...(recipients !== undefined && { recipients: redactRecipients(recipients, settings) }),
    ...(unreadable !== undefined && { unreadable: redactText(unreadable, settings) })
  }
}

/** Drops a partial result whose data contains a secret: the next attempt sends to all recipients. */
const redactPartial = ({ data, link, recipients }: PartialDelivery, settings: unknown) => {
  const isClean = (text: string) => redactText(text, settings) === text
  if (!isClean(JSON.stringify(data))) return {}
  return {
    partial: {
      data,
      ...(link !== undefined && isClean(link.href) && { link }),
      ...(recipients !== undefined && { recipients: redactRecipients(recipients, settings) })
    }
  }
}

const redactRecipients = (recipients: ReadonlyArray<RecipientOutcome>, settings: unknown) =>
  recipients.map(({ detail, recipient, status }) => ({
    recipient: storable(redactText(recipient, settings)),
    status,
    ...(detail !== undefined && { detail: storable(redactText(detail, settings)) })
  }))

/** The result of an attempt that took longer than the integration's timeout. */
const noAnswer: Sent = {
  _tag: "Failed",
  reason: new Unavailable({ detail: "No answer in time", unanswered: true })
}

/** The result of an attempt that did not end in time for a stop of the gateway or of its lane. */
export const cutShort: Sent = {
  _tag: "Failed",
  reason: new Unavailable({
    detail: "requeued, because the gateway stopped or its lane moved: may be duplicated",
    unanswered: true
  })
}

/** The result of an attempt that did not begin. */
export const notBegun: Sent = {
  _tag: "Failed",
  reason: new Unavailable({ detail: "not sent: its lane moved to another gateway, or its settings changed" })
}
