import { assert, describe, it } from "@effect/vitest"
import { Connector, type DeliveryError, type Notification, RateLimited } from "@tocsin/core"
import { FakeServer } from "@tocsin/core/fakes"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { Email } from "@tocsin/plugin-email"
import { FakeEmail, mailOf, peer, see, validate } from "@tocsin/plugin-email/testing"
import { Effect, Layer, Option, Result, Schema } from "effect"
import { fromSocket } from "./netSocket.ts"

const settings = {
  host: "smtp.example.com",
  port: 2525,
  security: "none",
  username: "tocsin",
  password: "s3cr3t-Passw0rd",
  from: "tocsin@example.com",
  to: ["ops@example.com", "night@example.com"]
}

const { notifications } = samples

/** The e-mail among the bytes that were written. */
const rawOf = (written: Uint8Array): string => {
  const [, raw = ""] = /DATA\r\n(.*?)\r\n\.\r\n/s.exec(new TextDecoder().decode(written)) ?? []
  return raw.replace(/^\.\./gm, ".")
}

const refusing = (command: string, reply: string | null) => () =>
  peer((given) => (given === command ? reply : undefined))

ChannelPluginTest.suite(Email, {
  layer: Email.layer,
  settings,
  secrets: [settings.password],
  peer: () => peer(),
  refused: [
    [refusing("EHLO", "421 4.3.2 Closing"), "Unavailable"],
    [refusing("AUTH", "535 5.7.8 The credentials are invalid"), "Unauthorized"],
    [refusing("AUTH", "454 4.7.0 Temporary authentication failure"), "Unavailable"],
    [refusing("MAIL", "530 5.7.0 Authentication required"), "Unauthorized"],
    [refusing("MAIL", "550 5.7.1 Sender address rejected"), "Misconfigured"],
    [refusing("MAIL", "451 4.3.0 Local error"), "Unavailable"],
    [refusing("MAIL", "450 4.7.1 Too many messages"), new RateLimited({ detail: "" })],
    [refusing("RCPT", "550 5.1.1 No such user"), "DestinationGone"],
    [refusing("RCPT", "550 No such user"), "DestinationGone"],
    [refusing("RCPT", "554 5.7.1 Relay access denied"), "Misconfigured"],
    [refusing("RCPT", "450 4.2.0 Greylisted"), "Unavailable"],
    [refusing("RCPT", "452 4.5.3 Too many recipients"), new RateLimited({ detail: "" })],
    [refusing("RCPT", "450 4.2.1 The user is receiving mail at a rate that prevents more messages"), "Unavailable"],
    [refusing("DATA", "451 4.3.0 Local error"), "Unavailable"],
    [refusing(".", "554 5.6.0 Refused"), "PayloadRejected"],
    [refusing(".", "451 4.3.0 Local error"), "Unavailable"],
    [refusing(".", "550 5.7.60 SMTP; Client does not have permissions to send as this sender"), "Misconfigured"],
    [
      refusing(".", "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied"),
      "Misconfigured"
    ],
    [refusing(".", "550 5.4.5 Daily user sending limit exceeded"), new RateLimited({ detail: "" })],
    [refusing("DATA", "550 5.4.5 Daily user sending quota exceeded"), new RateLimited({ detail: "" })],
    [refusing("RCPT", null), "Unavailable"],
    [
      () => peer((command, line) => (command === "RCPT" && /night@/.test(line) ? "450 4.2.1 Busy" : undefined)),
      "Unavailable"
    ]
  ],
  timed: (written) => written.replace(/^Date: .*$/m, "Date:"),
  validate: (written) => validate(rawOf(written)),
  read: (written) => see(rawOf(written))
})

/** Connects to any address; a gateway's connector checks it first. */
const Unguarded = Layer.succeed(Connector, { connect: fromSocket })

const decode = Schema.decodeUnknownEffect(Schema.toCodecJson(Email.settings))

const deliver = Effect.fnUntraced(
  function* (
    settings: Schema.Json,
    notification: Notification,
    options: {
      readonly form?: "rich" | "plain"
      readonly deliveryId?: string
      readonly messages?: ReadonlyArray<any>
      readonly partial?: { readonly data: Schema.Json }
    } = {}
  ) {
    const email = yield* Email
    const { deliveryId = notification._tag, form = "rich", messages = [], partial } = options
    return yield* email.deliver(yield* Effect.orDie(decode(settings)), notification, {
      form,
      deliveryId,
      conversation: { id: "conversation-1", messages },
      ...(partial && { partial })
    })
  },
  Effect.provide(Email.layer.pipe(Layer.provide(Unguarded)))
)

const served = Effect.fnUntraced(function* (fake: FakeEmail) {
  return fake.settings(yield* FakeServer.serveConnections((now) => fake.peer(now)))
})

const raws = (fake: FakeEmail) => fake.messages.map(({ payload }) => mailOf(String(payload)))

describe("Email", () => {
  it.live("sends a text and HTML, and puts a clear into the thread of its raise", () =>
    Effect.gen(function* () {
      const fake = new FakeEmail()
      const here = yield* served(fake)
      const receipt = yield* deliver(here, notifications.Raised)
      yield* deliver(here, notifications.Cleared, { messages: [{ kind: "Raised", receipt }] })
      const [raised, cleared] = raws(fake)
      assert.strictEqual(raised?.headers["message-id"], "<Raised@example.com>")
      assert.strictEqual(raised?.headers["references"], "<conversation-1@example.com>")
      assert.strictEqual(cleared?.headers["in-reply-to"], "<Raised@example.com>")
      assert.strictEqual(cleared?.headers["references"], "<conversation-1@example.com> <Raised@example.com>")
      assert.strictEqual(cleared?.headers["auto-submitted"], "auto-generated")
      assert.strictEqual(cleared?.headers["to"], "ops@example.com, night@example.com")
      assert.strictEqual(cleared?.headers["subject"], "Cleared: HTTP errors on checkout-eu")
      assert.include(cleared?.text, "Cleared: HTTP errors on checkout-eu")
      assert.include(cleared?.html, "<h1>")
      assert.deepStrictEqual(
        fake.channels()[0]?.messages.map(({ as }) => as),
        [undefined, "reply"]
      )
      assert.deepStrictEqual(receipt.recipients, [
        { recipient: "ops@example.com", status: "delivered" },
        { recipient: "night@example.com", status: "delivered" }
      ])
    }).pipe(Effect.scoped)
  )

  it.live("puts the list of a digest into the thread of the digest", () =>
    Effect.gen(function* () {
      const fake = new FakeEmail()
      const here = yield* served(fake)
      const receipt = yield* deliver(here, notifications.Digest, { deliveryId: "conversation-1" })
      yield* deliver(here, notifications.DigestList, { form: "plain", messages: [{ kind: "Digest", receipt }] })
      const [digest, list] = raws(fake)
      assert.strictEqual(digest?.headers["message-id"], "<conversation-1@example.com>")
      assert.strictEqual(list?.headers["in-reply-to"], "<conversation-1@example.com>")
      assert.strictEqual(list?.headers["references"], "<conversation-1@example.com>")
    }).pipe(Effect.scoped)
  )

  it.live("sends the text alone after the server refused the HTML", () =>
    Effect.gen(function* () {
      const fake = new FakeEmail()
      yield* deliver(yield* served(fake), notifications.Raised, { form: "plain" })
      assert.isUndefined(raws(fake)[0]?.html)
      assert.include(raws(fake)[0]?.text, "Raised: HTTP errors on checkout-eu")
    }).pipe(Effect.scoped)
  )

  it.live("attempts again only the recipients that were refused for the time being", () =>
    Effect.gen(function* () {
      const sent: Array<ReadonlyArray<string>> = []
      let refused = new Map([
        ["gone@example.com", "550 5.1.1 No such user"],
        ["later@example.com", "450 4.2.1 Busy"]
      ])
      const at = yield* FakeServer.serveConnections(() =>
        peer(
          (command, line) => (command === "RCPT" ? refused.get(/<(.*)>/.exec(line)?.[1] ?? "") : undefined),
          (_, to) => {
            sent.push(to)
            return undefined
          }
        )
      )
      const here = { ...new FakeEmail().settings(at), to: ["gone@example.com", "ops@example.com", "later@example.com"] }
      const failed: DeliveryError = yield* Effect.flip(deliver(here, notifications.Raised))
      assert.strictEqual(failed.reason._tag, "Unavailable")
      const { partial } = failed
      assert.deepStrictEqual(partial?.data, { delivered: [1], failed: { "0": "550 5.1.1 No such user" } })
      assert.deepStrictEqual(partial?.recipients, [
        { recipient: "gone@example.com", status: "failed", detail: "550 5.1.1 No such user" },
        { recipient: "ops@example.com", status: "delivered" },
        { recipient: "later@example.com", status: "failed", detail: "450 4.2.1 Busy" }
      ])
      refused = new Map()
      const receipt = yield* deliver(here, notifications.Raised, {
        partial: Option.getOrThrow(Option.fromNullishOr(partial))
      })
      assert.deepStrictEqual(sent, [["ops@example.com"], ["later@example.com"]])
      assert.deepStrictEqual(
        receipt.recipients?.map(({ status }) => status),
        ["failed", "delivered", "delivered"]
      )
    }).pipe(Effect.scoped)
  )

  it.live("keeps what 100 recipients got within 4 KiB, whatever the server says", () =>
    Effect.gen(function* () {
      const to = Array.from({ length: 100 }, (_, n) => `user-${n}@example.com`)
      const at = yield* FakeServer.serveConnections(() =>
        peer((command, line) =>
          command !== "RCPT"
            ? undefined
            : line.includes("user-0@")
              ? "450 4.2.1 Busy"
              : '550 5.1.1 "收件人不存在，请检查您输入的电子邮件地址是否正确"'
        )
      )
      const failed: DeliveryError = yield* Effect.flip(
        deliver({ ...new FakeEmail().settings(at), to }, notifications.Raised)
      )
      const data = JSON.stringify(failed.partial?.data)
      assert.include(data, '"99":"550 5.1.1')
      assert.isAtMost(Buffer.byteLength(data), 4096)
    }).pipe(Effect.scoped)
  )

  it.live("makes no header and no HTML of foreign text", () =>
    Effect.gen(function* () {
      const fake = new FakeEmail()
      const text =
        "x\r\nBcc: evil@evil.example\r\n\r\n<script>alert(1)</script> <b>&amp;</b> https://evil.example\r\n.\r\nQUIT"
      const alert = { ...samples.raised, summary: text, rule: { name: text } }
      yield* deliver(yield* served(fake), { _tag: "Raised", alert })
      const [mail] = raws(fake)
      assert.isUndefined(mail?.headers["bcc"])
      assert.include(mail?.text, "<script>alert(1)</script> <b>&amp;</b> https:\u200B//evil.example")
      assert.notInclude(mail?.html, "<script>")
    }).pipe(Effect.scoped)
  )

  it.live.each([
    ["archived", "DestinationGone"],
    ["revoked", "Unauthorized"],
    ["limited", "RateLimited"],
    ["failing", "Unavailable"],
    ["lying", "PayloadRejected"]
  ] as const)("calls its fake, where it is %s, %s", ([behaviour, reason]) =>
    Effect.gen(function* () {
      const fake = new FakeEmail()
      fake.behaviour = behaviour
      const failed = yield* Effect.flip(deliver(yield* served(fake), notifications.Raised))
      assert.strictEqual(failed.reason._tag, reason, failed.message)
      assert.lengthOf(fake.messages, 0)
    }).pipe(Effect.scoped)
  )

  it.effect("uses the port that belongs to the security, and says how the connection is protected", () =>
    Effect.gen(function* () {
      const email = yield* Email
      const { port: _, ...rest } = settings
      for (const [security, expected] of [
        ["tls", "tls://smtp.example.com:465"],
        ["starttls", "starttls://smtp.example.com:587"],
        ["none", "tcp://smtp.example.com:25"]
      ]) {
        assert.strictEqual(email.destination(yield* decode({ ...rest, security })), expected)
      }
    }).pipe(Effect.provide(Email.layer.pipe(Layer.provide(Unguarded))))
  )

  it.each([
    [{ host: "smtp.example.com/s3cr3t" }, "a host name"],
    [{ to: [] }, "to"],
    [{ to: ["ops@example.com", "ops@example.com"] }, "to"],
    [{ to: ["Ops <s3cr3t@example.com>"] }, "an address"],
    [{ from: "a@b>\r\nRCPT TO:<s3cr3t@c" }, "an address"],
    [{ password: "" }, "password"]
  ])("says which setting is wrong, and not what it holds: %j", (wrong, expected) => {
    const result = Schema.decodeUnknownResult(Schema.toCodecJson(Email.settings))({ ...settings, ...wrong })
    const message = Result.isFailure(result) ? String(result.failure) : ""
    assert.include(message, expected)
    assert.notInclude(message, "s3cr3t-Passw0rd")
  })
})
