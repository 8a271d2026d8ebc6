/**
 * The signatures of Amazon SNS, versions 1 and 2.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
import { Schema } from "effect"
import { verify, X509Certificate } from "node:crypto"

/** A line of the signed text: with a second line, one field could pass for two. */
const Line = Schema.String.check(Schema.isPattern(/^[^\n]*$/))

/** A message with everything that its signature covers. */
export const SignedMessage = Schema.Struct({
  Type: Schema.Literals(["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]),
  MessageId: Line,
  Message: Schema.String,
  Subject: Schema.optionalKey(Schema.NullOr(Line)),
  SubscribeURL: Schema.optionalKey(Line),
  Timestamp: Line,
  Token: Schema.optionalKey(Line),
  TopicArn: Schema.String,
  Signature: Schema.String,
  SignatureVersion: Schema.Literals(["1", "2"]),
  SigningCertURL: Schema.String
})
export type SignedMessage = typeof SignedMessage.Type

/** The text that is signed: names and values on a line each, in this order; a notification has no token. */
const signedText = (message: SignedMessage): string =>
  (message.Type === "Notification" ? ofNotification : ofConfirmation)
    .flatMap((name) => {
      const value = message[name]
      return value === undefined || value === null ? [] : [`${name}\n${value}\n`]
    })
    .join("")

const ofNotification = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"] as const
const ofConfirmation = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"] as const

/** Whether the owner of the certificate signed the message. */
export const isSigned = (message: SignedMessage, certificate: X509Certificate): boolean =>
  verify(
    message.SignatureVersion === "1" ? "sha1" : "sha256",
    Buffer.from(signedText(message)),
    certificate.publicKey,
    Buffer.from(message.Signature, "base64")
  )

/** Returns the URL if it is one of Amazon SNS itself: `https://sns.<region>.amazonaws.com`, in China with `.cn`. */
export const urlOfSns = (text: string): URL | undefined => {
  const url = URL.parse(text)
  return url?.protocol === "https:" &&
    url.port === "" &&
    url.username === "" &&
    url.password === "" &&
    /^sns\.[a-z]{2}(?:-[a-z0-9]+)+\.amazonaws\.com(?:\.cn)?$/.test(url.hostname)
    ? url
    : undefined
}

/**
 * Returns the URL if it is that of a certificate of Amazon SNS: a file. Its API is at the same host, and its answers
 * repeat parts of what it was asked.
 */
export const urlOfCertificate = (text: string): URL | undefined => {
  const url = urlOfSns(text)
  return url !== undefined && /^\/[A-Za-z0-9-]+\.pem$/.test(url.pathname) && url.search === "" ? url : undefined
}
