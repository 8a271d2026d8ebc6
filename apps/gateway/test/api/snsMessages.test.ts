import { assert, describe, it } from "@effect/vitest"
import { Certificate } from "@tocsin/test-network"
import { Effect, Layer } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { SnsMessages } from "../../src/api/sources/sns/SnsMessages.ts"
import { certificateUrl, confirmation, notification, signed, subscribeUrl, topicArn } from "../harness/snsMessage.ts"

/** A pair of RSA keys, as Amazon SNS has, takes long to make: one serves all tests. */
const makePair = () => Effect.runSync(Effect.cached(Effect.scoped(Certificate.make(["sns.amazonaws.com"], "rsa"))))
const [pair, otherPair] = [makePair(), makePair()]

/** Verifies messages with a certificate of the test's own; `asked` has the requests. */
const harness = Effect.gen(function* () {
  const { cert, key } = yield* pair
  const asked: Array<string> = []
  const answers = { certificate: cert, status: 200, confirmation: 200 }
  const client = HttpClient.make((request, url) =>
    Effect.sync(() => {
      asked.push(decodeURIComponent(url.href))
      return HttpClientResponse.fromWeb(
        request,
        url.pathname.endsWith(".pem")
          ? new Response(answers.certificate, { status: answers.status })
          : new Response("<ConfirmSubscriptionResponse/>", { status: answers.confirmation })
      )
    })
  )
  const layer = SnsMessages.layer.pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))
  const { admit } = yield* Effect.provide(SnsMessages, yield* Layer.build(layer))
  /** `admitted`, or why not. */
  const verdict = (body: unknown, topicArns: ReadonlyArray<string> = [topicArn]) =>
    Effect.match(admit(body, topicArns), {
      onSuccess: () => "admitted",
      onFailure: ({ _tag, why }) => `${_tag} ${why}`
    })
  return { answers, asked, key, verdict }
})

describe("messages of Amazon SNS", () => {
  it.effect.each(["1", "2"] as const)("are admitted with a signature of version %s", (version) =>
    Effect.gen(function* () {
      const { asked, key, verdict } = yield* harness
      assert.strictEqual(yield* verdict(signed(key, notification("ALARM"), version)), "admitted")
      const { Subject: _, ...untitled } = notification("OK")
      assert.strictEqual(yield* verdict(signed(key, untitled, version)), "admitted")
      assert.deepStrictEqual(asked, [certificateUrl])
    })
  )

  it.effect("are admitted from China", () =>
    Effect.gen(function* () {
      const { asked, key, verdict } = yield* harness
      const arn = "arn:aws-cn:sns:cn-north-1:123456789012:alarms"
      const SigningCertURL = "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem"
      const message = signed(key, notification("ALARM", { TopicArn: arn, SigningCertURL }))
      assert.strictEqual(yield* verdict(message, [arn]), "admitted")
      assert.deepStrictEqual(asked, [SigningCertURL])
    })
  )

  it.effect("are refused if any signed part was changed", () =>
    Effect.gen(function* () {
      const { key, verdict } = yield* harness
      const refused = "SnsRefused /Signature: Expected the signature of Amazon SNS over this message"
      const message = signed(key, notification("ALARM"))
      for (const name of ["Message", "MessageId", "Subject", "Timestamp"]) {
        assert.strictEqual(yield* verdict({ ...message, [name]: `${message[name]} ` }), refused, name)
      }
      const { Subject: _, ...rest } = message
      assert.strictEqual(yield* verdict(rest), refused)
      assert.strictEqual(yield* verdict({ ...message, SignatureVersion: "2" }), refused)
      assert.strictEqual(yield* verdict({ ...message, Signature: "" }), refused)
      // The text that is signed is the same.
      assert.match(
        yield* verdict({ ...rest, MessageId: `${message["MessageId"]}\nSubject\n${message["Subject"]}` }),
        /^SnsRefused the body/
      )
      const other = yield* otherPair
      assert.strictEqual(yield* verdict(signed(other.key, notification("ALARM"))), refused)
    })
  )

  it.effect.each([
    "http://sns.eu-west-1.amazonaws.com/a.pem",
    "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
    "https://sns.eu-west-1.amazonaws.com.example.com/a.pem",
    "https://sns.eu-west-1.amazonaws.com@example.com/a.pem",
    "https://user@sns.eu-west-1.amazonaws.com/a.pem",
    "https://example.com/sns.eu-west-1.amazonaws.com/a.pem",
    "https://sns.evil.example.amazonaws.com/a.pem",
    "https://snsxeu-west-1.amazonaws.com/a.pem",
    "https://s3.eu-west-1.amazonaws.com/bucket/a.pem",
    "https://sns.eu-west-1.amazonaws.com.cn.example/a.pem",
    "https://sns.eu-west-1.amazonaws.com/?Action=-----BEGIN",
    "https://sns.eu-west-1.amazonaws.com/a.pem?Action=-----BEGIN",
    "https://sns.eu-west-1.amazonaws.com/-----BEGIN/a.pem",
    "no URL"
  ])("are refused without a request if their certificate is at %s", (SigningCertURL) =>
    Effect.gen(function* () {
      const { asked, key, verdict } = yield* harness
      const answer = yield* verdict(signed(key, notification("ALARM", { SigningCertURL })))
      assert.strictEqual(
        answer,
        "SnsRefused /SigningCertURL: Expected a .pem file at https://sns.<region>.amazonaws.com"
      )
      assert.deepStrictEqual(asked, [])
    })
  )

  it.effect("are refused without a request if their topic is not configured", () =>
    Effect.gen(function* () {
      const { asked, key, verdict } = yield* harness
      const other = { TopicArn: "arn:aws:sns:eu-west-1:999999999999:alarms" }
      const refused = "SnsRefused /TopicArn: Expected one of the topicArns in the source's settings"
      assert.strictEqual(yield* verdict(signed(key, notification("ALARM", other))), refused)
      assert.strictEqual(yield* verdict(signed(key, confirmation("SubscriptionConfirmation", other))), refused)
      assert.deepStrictEqual(asked, [])
    })
  )

  it.effect("are refused if they are raw, without an envelope", () =>
    Effect.gen(function* () {
      const { verdict } = yield* harness
      for (const body of [{ AlarmName: "disk", NewStateValue: "ALARM" }, [], null, "x"]) {
        assert.match(
          yield* verdict(body),
          /^SnsRefused the body: Expected a message .* Switch raw message delivery off/
        )
      }
    })
  )

  it.effect("confirm a subscription once they are verified", () =>
    Effect.gen(function* () {
      const { answers, asked, key, verdict } = yield* harness
      const message = signed(key, confirmation("SubscriptionConfirmation"), "2")
      assert.include(yield* verdict({ ...message, Token: "another" }), "SnsRefused /Signature")
      assert.deepStrictEqual(asked, [certificateUrl])
      assert.strictEqual(yield* verdict(message), "admitted")
      assert.deepStrictEqual(asked, [certificateUrl, subscribeUrl])

      answers.confirmation = 503
      const unreachable = "SnsUnreachable The subscription was not confirmed: Amazon SNS answered 503"
      assert.strictEqual(yield* verdict(message), unreachable)
    })
  )

  it.effect("confirm nothing at another address than Amazon SNS's, or that does something else", () =>
    Effect.gen(function* () {
      const { asked, key, verdict } = yield* harness
      for (const SubscribeURL of [
        subscribeUrl.replace("amazonaws.com", "example.com"),
        subscribeUrl.replace("ConfirmSubscription", "DeleteTopic")
      ]) {
        const message = signed(key, confirmation("SubscriptionConfirmation", { SubscribeURL }))
        const refused = "SnsRefused /SubscribeURL: Expected an address of Amazon SNS that confirms"
        assert.strictEqual(yield* verdict(message), refused)
      }
      assert.deepStrictEqual(asked, [certificateUrl])
    })
  )

  it.effect("are admitted at the end of a subscription, without subscribing again", () =>
    Effect.gen(function* () {
      const { asked, key, verdict } = yield* harness
      assert.strictEqual(yield* verdict(signed(key, confirmation("UnsubscribeConfirmation"))), "admitted")
      assert.deepStrictEqual(asked, [certificateUrl])
    })
  )

  it.effect("can be sent again after a certificate could not be fetched", () =>
    Effect.gen(function* () {
      const { answers, asked, key, verdict } = yield* harness
      const message = signed(key, notification("ALARM"))
      const { certificate } = answers
      answers.certificate = "<html>Service Unavailable</html>"
      const unreachable = "SnsUnreachable /SigningCertURL: The answer with status 200 has no certificate"
      assert.strictEqual(yield* verdict(message), unreachable)
      answers.certificate = certificate
      assert.strictEqual(yield* verdict(message), "admitted")
      assert.strictEqual(yield* verdict(message), "admitted")
      assert.lengthOf(asked, 2)
    })
  )

  it.effect("are not verified with a certificate in an answer that is an error", () =>
    Effect.gen(function* () {
      const { answers, key, verdict } = yield* harness
      answers.status = 404
      const unreachable = "SnsUnreachable /SigningCertURL: The answer with status 404 has no certificate"
      assert.strictEqual(yield* verdict(signed(key, notification("ALARM"))), unreachable)
    })
  )

  it.effect("keep 16 certificates at most", () =>
    Effect.gen(function* () {
      const { asked, key, verdict } = yield* harness
      const at = (n: number) =>
        signed(key, notification("ALARM", { SigningCertURL: certificateUrl.replace("0123", `${n}`) }))
      for (let n = 0; n < 17; n++) assert.strictEqual(yield* verdict(at(n)), "admitted")
      assert.strictEqual(yield* verdict(at(16)), "admitted")
      assert.lengthOf(asked, 17)
      assert.strictEqual(yield* verdict(at(0)), "admitted")
      assert.lengthOf(asked, 18)
    })
  )
})
