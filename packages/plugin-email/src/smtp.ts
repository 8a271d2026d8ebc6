/**
 * One SMTP transaction with nodemailer, through a connection of Tocsin's connector. It uses nodemailer's connection rather
 * than its transport, which does not tell whether the e-mail was sent when the connection breaks.
 *
 * @see https://nodemailer.com/extras/smtp-connection
 */
import {
  cut,
  DeliveryError,
  Misconfigured,
  oneLine,
  PayloadRejected,
  RateLimited,
  type Reason,
  redactText,
  Unauthorized,
  Unavailable
} from "@tocsin/core"
import { Effect, Predicate, type Scope } from "effect"
import type { Socket } from "effect/socket"
import SMTPConnection from "nodemailer/lib/smtp-connection"
import type { Socket as NetSocket } from "node:net"
import { Readable } from "node:stream"
import { toDuplex } from "./duplex.ts"

/** What is sent, and how. */
export interface Transaction {
  readonly host: string
  /** Whether the connection has TLS already. */
  readonly secured: boolean
  readonly requireTLS: boolean
  readonly auth?: { readonly user: string; readonly pass: string }
  readonly from: string
  readonly to: ReadonlyArray<string>
  readonly message: Uint8Array
  /** The settings, whose secrets are redacted in what the server says. */
  readonly secrets: unknown
}

/** What the server said about a recipient that it did not accept: its reply code, and its words. */
export interface Refused {
  readonly code: number
  readonly text: string
}

/** The recipients that the server did not accept; if it accepted nobody, nothing was sent. */
export type Answer = ReadonlyMap<string, Refused>

/** As long as Node's timers run; the engine ends an attempt much earlier. */
const never = 2 ** 31 - 1

/** The longest answer that is read. */
const maxResponseSize = 65_536

/** Makes one transaction with one `RCPT TO` for each recipient. */
export const transact = Effect.fnUntraced(function* (
  connect: Effect.Effect<Socket.Socket, DeliveryError, Scope.Scope>,
  { auth, from, host, message, requireTLS, secrets, secured, to }: Transaction
): Effect.fn.Return<Answer, DeliveryError, Scope.Scope> {
  let isSent = false
  const fail = (error: unknown) => {
    const text = textOf(error, secrets)
    return new DeliveryError({ reason: reasonOf(error, { isSent, text }) })
  }
  const connection = yield* Effect.mapError(toDuplex(yield* connect), fail)
  const smtp = yield* Effect.acquireRelease(
    Effect.sync(
      () =>
        new SMTPConnection({
          host,
          // It is used as a stream only, with `setTimeout`.
          connection: connection as NetSocket,
          secured,
          // Where it is secured already, this only says so.
          secure: secured,
          requireTLS,
          ignoreTLS: !requireTLS,
          maxResponseSize,
          connectionTimeout: never,
          greetingTimeout: never,
          socketTimeout: never,
          socketCloseTimeout: 0
        })
    ),
    (smtp) => Effect.sync(() => smtp.close())
  )
  /** Makes a step, which also ends where the connection breaks. */
  const step = <A>(start: (done: (error: unknown, value?: A) => void) => void) =>
    Effect.callback<A, DeliveryError>((resume) => {
      const done = (error: unknown, value?: A) => resume(error ? Effect.fail(fail(error)) : Effect.succeed(value as A))
      smtp.once("error", done)
      smtp.once("end", () => done(new Error("The connection ended")))
      start(done)
    })
  // An error between two steps must not end the gateway.
  smtp.on("error", () => {})

  yield* step<void>((done) => smtp.connect((error) => done(error)))
  if (auth !== undefined) yield* step<void>((done) => smtp.login({ credentials: auth }, (error) => done(error)))
  // It is read once the server waits for it.
  const body = Readable.from(
    (function* () {
      isSent = true
      yield message
    })()
  )
  const refused = yield* step<Iterable<unknown>>((done) =>
    smtp.send({ from, to: [...to] }, body, (error, info) => {
      const all = said(error).rejectedErrors ?? info?.rejectedErrors ?? []
      return error && !(said(error).code === "EENVELOPE" && all.length === to.length) ? done(error) : done(null, all)
    })
  )
  // The answer to it does not matter.
  if (isSent) smtp.quit()
  return new Map(
    Array.from(refused, (error) => {
      const { recipient = "", responseCode = 0 } = said(error)
      return [recipient, { code: responseCode, text: textOf(error, secrets) }]
    })
  )
})

/** What nodemailer says about an error. */
interface SmtpError {
  readonly code?: string
  readonly command?: string
  readonly message?: string
  readonly recipient?: string
  readonly response?: string
  readonly responseCode?: number
  readonly rejectedErrors?: ReadonlyArray<unknown>
}

const said = (error: unknown): SmtpError => (Predicate.isObject(error) ? error : {})

const textOf = (error: unknown, secrets: unknown): string => {
  const { code, message = "", response } = said(error)
  return cut(redactText(oneLine(code === "ETLS" ? message : (response ?? message)), secrets), 200)
}

/** https://www.rfc-editor.org/rfc/rfc5321#section-4.2 and https://www.rfc-editor.org/rfc/rfc3463 */
const reasonOf = (error: unknown, { isSent, text }: { readonly isSent: boolean; readonly text: string }): Reason => {
  const { code = "", command = "", responseCode = 0 } = said(error)
  if (responseCode === 0) {
    // The server offers no way to sign in.
    if (code === "EAUTH") return new Misconfigured({ detail: text })
    return new Unavailable({ detail: text, ...(isSent && { unanswered: true }) })
  }
  if (responseCode < 500) {
    return isAboutRate(text) ? new RateLimited({ detail: text }) : new Unavailable({ detail: text })
  }
  if (code === "EAUTH" || responseCode === 530) return new Unauthorized({ detail: text })
  if (isQuotaExceeded(text)) return new RateLimited({ detail: text })
  return isSent && command === "DATA" && !isSenderDenied(text)
    ? new PayloadRejected({ detail: text })
    : new Misconfigured({ detail: text })
}

/**
 * Whether the user has sent as much as the service allows in a day: Gmail and Exchange Online refuse with a 5xx, although
 * the limit passes.
 *
 * @see https://support.google.com/a/answer/3726730
 */
const isQuotaExceeded = (text: string): boolean =>
  /^5\d\d[ -]5\.4\.5\b|sending (limit|quota) exceeded|SubmissionQuotaExceeded/i.test(text)

/**
 * Whether the user may not send from this address: Exchange refuses only after the whole e-mail.
 *
 * @see https://learn.microsoft.com/en-us/exchange/mail-flow-best-practices/fix-issues-with-printers-scanners-and-lob-applications-that-send-email-using-off
 */
const isSenderDenied = (text: string): boolean => /SendAsDenied|send as this sender/i.test(text)

/** Servers have no code of their own for this; most use 4.7.0 or 4.7.1. */
export const isAboutRate = (text: string): boolean => /\brate\b|too many|throttl|limit exceeded/i.test(text)
