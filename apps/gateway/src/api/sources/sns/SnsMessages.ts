import { Cache, Context, Effect, Layer, Option, Schema } from "effect"
import { HttpClient } from "effect/http"
import { X509Certificate } from "node:crypto"
import { isSigned, SignedMessage, urlOfCertificate, urlOfSns } from "./snsSignature.ts"

/** The message is not one that this source accepts; `why` repeats nothing of it. */
export class SnsRefused extends Schema.TaggedError<SnsRefused>()("SnsRefused", { why: Schema.String }) {}

/** The message could not be verified, or its subscription not be confirmed, because Amazon SNS cannot be reached now. */
export class SnsUnreachable extends Schema.TaggedError<SnsUnreachable>()("SnsUnreachable", { why: Schema.String }) {}

/**
 * Verifies the messages of Amazon SNS, and confirms subscriptions.
 *
 * Requests go through the guard of egress, to hosts of Amazon SNS only. The latest 16 certificates are kept for a day:
 * each has an address of its own, and never changes.
 */
export class SnsMessages extends Context.Service<
  SnsMessages,
  {
    /**
     * Succeeds if Amazon SNS signed the message, and its topic is one of these. Confirms the subscription if that is what
     * the message asks for.
     */
    readonly admit: (
      body: unknown,
      topicArns: ReadonlyArray<string>
    ) => Effect.Effect<void, SnsRefused | SnsUnreachable>
  }
>()("@tocsin/gateway/SnsMessages") {
  static readonly layer = Layer.effect(
    SnsMessages,
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient

      const get = (url: URL) =>
        Effect.timeout(
          Effect.flatMap(client.get(url), (answer) =>
            Effect.map(answer.text, (text) => ({ status: answer.status, text }))
          ),
          patience
        ).pipe(Effect.mapError(() => new SnsUnreachable({ why: `${url.host} did not answer` })))

      const certificates = yield* Cache.makeWith(
        (href: string) =>
          Effect.flatMap(get(new URL(href)), ({ status, text }) =>
            Effect.try({
              // An error may repeat a certificate that somebody sent.
              try: () => new X509Certificate(status === 200 ? text : ""),
              catch: () =>
                new SnsUnreachable({ why: `/SigningCertURL: The answer with status ${status} has no certificate` })
            })
          ),
        // A failure is not kept: Amazon SNS sends the message again.
        { capacity: 16, timeToLive: (exit) => (exit._tag === "Success" ? "1 day" : 0) }
      )

      const confirm = Effect.fnUntraced(function* (link: string) {
        const url = urlOfSns(link)
        if (url?.searchParams.get("Action") !== "ConfirmSubscription") {
          return yield* new SnsRefused({ why: "/SubscribeURL: Expected an address of Amazon SNS that confirms" })
        }
        const { status } = yield* get(url)
        if (status !== 200) {
          return yield* new SnsUnreachable({ why: `The subscription was not confirmed: Amazon SNS answered ${status}` })
        }
        yield* Effect.annotateLogs(Effect.logInfo("Confirmed a subscription of Amazon SNS"), {
          event: "sns-subscription-confirmed"
        })
      })

      return SnsMessages.of({
        admit: Effect.fn("SnsMessages.admit")(function* (body, topicArns) {
          const read = decode(body)
          if (Option.isNone(read)) return yield* new SnsRefused({ why: notSigned })
          const message = read.value
          if (!topicArns.includes(message.TopicArn)) {
            return yield* new SnsRefused({ why: "/TopicArn: Expected one of the topicArns in the source's settings" })
          }
          const url = urlOfCertificate(message.SigningCertURL)
          if (url === undefined) {
            return yield* new SnsRefused({
              why: "/SigningCertURL: Expected a .pem file at https://sns.<region>.amazonaws.com"
            })
          }
          const certificate = yield* Cache.get(certificates, url.href)
          if (!isSigned(message, certificate)) {
            return yield* new SnsRefused({ why: "/Signature: Expected the signature of Amazon SNS over this message" })
          }
          if (message.Type === "SubscriptionConfirmation") yield* confirm(message.SubscribeURL ?? "")
        })
      })
    })
  )
}

/** Amazon SNS waits 15 seconds for an answer. https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html */
const patience = "6 seconds"

const notSigned =
  "the body: Expected a message of Amazon SNS with its signature. Switch raw message delivery off in the subscription"

const decode = Schema.decodeUnknownOption(SignedMessage)
