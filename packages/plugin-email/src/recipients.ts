/**
 * The outcome of a transaction for each recipient.
 */
import {
  type ChannelPlugin,
  cut,
  DeliveryError,
  DestinationGone,
  Misconfigured,
  type PartialDelivery,
  RateLimited,
  type RecipientOutcome,
  Unavailable,
  utf8Units
} from "@tocsin/core"
import { Effect, Option, Schema } from "effect"
import { type Answer, isAboutRate, type Refused } from "./smtp.ts"

/** The recipients that are done with, by their index in the settings: they have the message, or never will. */
type Done = ReadonlyMap<number, RecipientOutcome>

/** The recipients who need no other attempt, and those who do. */
const rest = (to: ReadonlyArray<string>, partial: PartialDelivery | undefined) => {
  const { delivered = [], failed = {} } = Option.getOrElse(decode(partial?.data), (): typeof Kept.Type => ({}))
  const done: Done = new Map<number, RecipientOutcome>([
    ...delivered.map((n) => [n, { recipient: to[n] ?? "", status: "delivered" }] as const),
    ...Object.entries(failed).map(
      ([n, detail]) => [Number(n), { recipient: to[Number(n)] ?? "", status: "failed", detail }] as const
    )
  ])
  return { done, to: to.filter((_, n) => !done.has(n)) }
}

/** A receipt, or the failure that has the rest attempted again. */
const of = (
  to: ReadonlyArray<string>,
  { answer, done: before, messageId }: { readonly answer: Answer; readonly done: Done; readonly messageId: string }
): Effect.Effect<ChannelPlugin.Receipt, DeliveryError> => {
  const now = to.map((recipient, n): RecipientOutcome => {
    const refused = answer.get(recipient)
    return (
      before.get(n) ??
      (refused === undefined
        ? { recipient, status: "delivered" }
        : { recipient, status: "failed", detail: refused.text })
    )
  })
  const [later] = [...answer.values()].filter(({ code }) => code < 500)
  const some = now.some(({ status }) => status === "delivered")
  // The outcome of a single recipient is that of the delivery.
  const recipients = to.length > 1 && { recipients: now }
  if (later === undefined) {
    return some ? Effect.succeed({ data: { messageId }, ...recipients }) : Effect.fail(failure(refusedForGood(answer)))
  }
  const isDone = (n: number) => (answer.get(to[n] ?? "")?.code ?? 500) >= 500
  const kept = to.flatMap((_, n) => (isDone(n) ? [n] : []))
  const data: typeof Kept.Type = {
    delivered: kept.filter((n) => now[n]?.status === "delivered"),
    failed: Object.fromEntries(
      kept.flatMap((n) => (now[n]?.status === "failed" ? [[String(n), short(now[n].detail ?? "")]] : []))
    )
  }
  return Effect.fail(failure(again(later), kept.length > 0 ? { data, recipients: now } : undefined))
}

/** Divides recipients into those who are done with and the rest, and makes the outcome of the rest. */
export const outcome = { rest, of }

const failure = (reason: DeliveryError["reason"], partial?: PartialDelivery) =>
  new DeliveryError({ reason, ...(partial && { partial }) })

/** A rate that is too high for one mailbox (4.2.x) delays nobody else's messages. */
const again = ({ text: detail }: Refused) =>
  isAboutRate(detail) && !/^\d{3}[ -]4\.2\./.test(detail) ? new RateLimited({ detail }) : new Unavailable({ detail })

/** Mailboxes that do not exist are gone (5.1.x, or 550 without it); anything else is for a person to fix. */
const refusedForGood = (answer: Answer) => {
  const [{ code, text: detail } = { code: 550, text: "No recipient is left" }] = answer.values()
  const [, enhanced] = /^\d{3}[ -](\d\.\d+\.\d+)/.exec(detail) ?? []
  const isGone = enhanced === undefined ? code === 550 || code === 551 : /^5\.1\.[1-6]$/.test(enhanced)
  return isGone ? new DestinationGone({ detail }) : new Misconfigured({ detail })
}

/** The start of a reply: with those of 100 recipients, within the 4 KiB of JSON that may be kept. */
const short = (detail: string): string =>
  cut(detail, 30, { encode: (text) => utf8Units(JSON.stringify(text).slice(1, -1)) })

/** By index, because addresses of many recipients could be longer than what may be kept. */
const Kept = Schema.Struct({
  delivered: Schema.optionalKey(Schema.Array(Schema.Natural)),
  failed: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
})

const decode = Schema.decodeUnknownOption(Kept)
