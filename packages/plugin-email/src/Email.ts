/**
 * The plugin for e-mail, by SMTP.
 */
import { ChannelPlugin, Connector, Message } from "@tocsin/core"
import { Clock, Effect, Layer, Option, Redacted, Schema } from "effect"
import { compose, maxText, preview } from "./mail.ts"
import { outcome } from "./recipients.ts"
import { transact } from "./smtp.ts"

/** An address as SMTP takes it, without a name. Quoted local parts are not supported. */
const Address = Schema.String.check(
  Schema.isPattern(/^[^\s<>()[\],;:@"\\]+@[^\s<>()[\],;:@"\\]+$/u, { expected: "an address, such as ops@example.com" }),
  // https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.3
  Schema.isMaxLength(254)
)

const usualPorts = { tls: 465, starttls: 587, none: 25 } as const

/** Sends e-mails through an SMTP server; a clear is in the thread of its raise. */
export class Email extends ChannelPlugin.Service<Email>()("email", {
  title: "E-mail",
  settings: Schema.Struct({
    host: Schema.String.check(
      Schema.isPattern(/^[\w.-]+$|^\[[\da-f:.]+\]$/iu, { expected: "a host name or an address" })
    ).annotateKey({ title: "Host", description: "The SMTP server, such as smtp.example.com" }),
    port: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 }))).annotateKey({
      title: "Port",
      description: "The server's port; when absent, 465 with tls, 587 with starttls, 25 with none"
    }),
    security: Schema.Literals(["tls", "starttls", "none"]).annotateKey({
      title: "Security",
      description:
        "tls encrypts the connection from its start; starttls, before anything is sent; none, never: for a relay of your own"
    }),
    username: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
      title: "Username",
      description: "The user to sign in as; when absent, Tocsin does not sign in"
    }),
    password: Schema.optionalKey(Schema.Redacted(Schema.NonEmptyString)).annotateKey({
      title: "Password",
      description: "The password, or an app password, of that user; without a username it is not used"
    }),
    from: Address.annotateKey({
      title: "From",
      description: "The sender's address; the server must let the user send from it"
    }),
    // https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.8: a server accepts at least 100.
    to: Schema.Array(Address)
      .check(Schema.isMinLength(1), Schema.isMaxLength(100), Schema.isUnique())
      .annotateKey({ title: "To", description: "The recipients: 1 to 100 addresses" })
  }),
  settingsVersion: 1,
  example: {
    host: "smtp.example.com",
    security: "starttls",
    username: "tocsin@example.com",
    password: "XXXXXXXXXXXXXXXX",
    from: "tocsin@example.com",
    to: ["ops@example.com"]
  },
  setup: [
    "Find the host name of your mail service's SMTP server, and whether it uses TLS (port 465) or STARTTLS (port 587).",
    "Create a user for Tocsin there, or an app password.",
    "Make sure that this user may send from the address in From."
  ],
  // Services differ; Exchange Online accepts 30 messages a minute from a user:
  // https://learn.microsoft.com/en-us/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits#sending-limits-1
  rateLimits: ({ host, password, username = "" }) => [
    { key: `${username} ${host}`, messages: 30, perSeconds: 60, burst: 10 },
    ...(password === undefined ? [] : [{ key: password, messages: 30, perSeconds: 60, burst: 10 }])
  ],
  // A transaction is up to ten answers, and a server may check a message before the last:
  // https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.2
  timeout: 30,
  sizes: { text: maxText },
  capabilities: { thread: true },
  preview: (_, notification) => preview(Message.fromNotification(notification))
}) {
  static readonly layer = Layer.effect(
    Email,
    Effect.gen(function* () {
      const { connect } = yield* Connector
      return Email.of({
        deliver: Effect.fnUntraced(function* (settings, notification, options) {
          const { host, password, security, username } = settings
          const { done, to } = outcome.rest(settings.to, options.partial)
          const { message, messageId } = yield* compose(Message.fromNotification(notification), {
            from: settings.from,
            to: settings.to,
            at: yield* Clock.currentTimeMillis,
            options
          })
          const answer = yield* transact(connect({ host, port: portOf(settings), tls: tlsOf(settings) }), {
            host,
            secured: security === "tls",
            requireTLS: security === "starttls",
            ...(username !== undefined && {
              auth: {
                user: username,
                pass: Option.getOrElse(Option.map(Option.fromNullishOr(password), Redacted.value), () => "")
              }
            }),
            from: settings.from,
            to,
            message,
            secrets: settings
          })
          return yield* outcome.of(settings.to, { answer, done, messageId })
        }, Effect.scoped),
        destination: (settings) =>
          `${settings.security === "none" ? "tcp" : settings.security}://${settings.host}:${portOf(settings)}`
      })
    })
  )
}

const portOf = ({ port, security }: typeof Email.settings.Type): number => port ?? usualPorts[security]

const tlsOf = ({ security }: typeof Email.settings.Type) => (security === "starttls" ? security : security === "tls")
