/**
 * E-mails of a real gateway through a real SMTP server, by STARTTLS and by TLS.
 */
import { assert, describe, it } from "@effect/vitest"
import { Delivery, Integration } from "@tocsin/client"
import { mailOf } from "@tocsin/plugin-email/testing"
import { Certificate } from "@tocsin/test-network"
import { Effect, Schema } from "effect"
import { cpSync, mkdtempSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { getCACertificates, setDefaultCACertificates } from "node:tls"
import { SMTPServer, type SMTPServerOptions } from "smtp-server"
import { fast } from "../harness/channels.ts"
import { eventually, until } from "../harness/gate.ts"
import { makeInProcess } from "../harness/gateway.ts"

const Deliveries = Schema.Struct({ items: Schema.Array(Delivery) })

const password = "s3cr3t-of-the-m41ler"

interface Mail {
  readonly raw: string
  readonly to: ReadonlyArray<string>
  readonly secure: boolean
  readonly user: string | undefined
}

/** A server that knows one user, and the mailboxes of example.com but `gone` and, until it is free, `busy`. */
const serve = Effect.fnUntraced(function* (options: SMTPServerOptions) {
  const mails: Array<Mail> = []
  let isBusy = true
  const server = new SMTPServer({
    ...options,
    onAuth: ({ password: given, username }, _, callback) =>
      given === password && username === "tocsin"
        ? callback(null, { user: username })
        : callback(new Error("Invalid username or password")),
    onRcptTo: ({ address }, _, callback) => {
      const [code, message] = address.startsWith("gone@")
        ? [550, "5.1.1 No such user"]
        : address.startsWith("busy@") && isBusy
          ? [450, "4.2.1 Try again later"]
          : []
      if (code === undefined) callback()
      else callback(Object.assign(new Error(message), { responseCode: code }))
    },
    onData: (stream, { envelope, secure, user }, callback) => {
      const chunks: Array<Uint8Array> = []
      stream.on("data", (chunk: Uint8Array) => chunks.push(chunk))
      stream.on("end", () => {
        const raw = Buffer.concat(chunks).toString()
        mails.push({ raw, to: envelope.rcptTo.map(({ address }) => address), secure, user: user && String(user) })
        callback()
      })
    }
  })
  server.on("error", () => {})
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.callback<void>((resume) => server.close(() => resume(Effect.void)))
  )
  const address: AddressInfo | string | null = server.server.address()
  return {
    mails,
    port: typeof address === "object" && address !== null ? address.port : 0,
    free: () => void (isBusy = false)
  }
})

describe("E-mail", () => {
  it.live("arrives by STARTTLS and by TLS, threaded, and at each recipient once", () =>
    Effect.gen(function* () {
      const { cert, key } = yield* Certificate.make(["localhost"])
      const known = getCACertificates()
      yield* Effect.acquireRelease(
        Effect.sync(() => setDefaultCACertificates([...known, cert])),
        () => Effect.sync(() => setDefaultCACertificates(known))
      )
      const starttls = yield* serve({ cert, key, authOptional: false })
      const tls = yield* serve({ cert, key, secure: true, authOptional: true })
      const plain = yield* serve({ disabledCommands: ["STARTTLS"], authOptional: true, allowInsecureAuth: true })
      const harness = yield* makeInProcess()
      const { request } = harness
      const from = "tocsin@example.com"
      const integrations = {
        starttls: {
          port: starttls.port,
          security: "starttls",
          username: "tocsin",
          password,
          to: ["ops@example.com", "busy@example.com", "gone@example.com"]
        },
        tls: { port: tls.port, security: "tls", to: ["ops@example.com"] },
        // It offers no STARTTLS: nothing is sent.
        stripped: { port: plain.port, security: "starttls", username: "tocsin", password, to: ["ops@example.com"] },
        wrong: {
          port: starttls.port,
          security: "starttls",
          username: "tocsin",
          password: "wrong",
          to: ["ops@example.com"]
        }
      }
      for (const [id, settings] of Object.entries(integrations)) {
        const created = yield* request("POST", "/v1/integrations", {
          id,
          name: id,
          type: "email",
          settings: { host: "localhost", from, ...settings },
          limits: fast
        })
        assert.strictEqual(created.status, 201, created.text)
      }
      yield* request("POST", "/v1/rules", {
        name: "All",
        match: {},
        integrations: Object.keys(integrations),
        notifyOnClear: true
      })
      const alert = { source: "curl", id: "1", startedAt: "2026-01-15T02:00:00Z", rule: { name: "Disk full" } }
      yield* request("POST", "/v1/alerts", { ...alert, state: "raised", severity: "major" })
      yield* until("the e-mails", () => starttls.mails.length > 0 && tls.mails.length > 0)
      starttls.free()
      yield* until("the second attempt", () => starttls.mails.length > 1)
      yield* request("POST", "/v1/alerts", {
        ...alert,
        state: "cleared",
        severity: "major",
        clearedAt: "2026-01-15T02:10:00Z"
      })
      yield* until("the clears", () => starttls.mails.length > 2 && tls.mails.length > 1)

      assert.deepStrictEqual(
        starttls.mails.map(({ secure, to, user }) => [secure, user, to]),
        [
          [true, "tocsin", ["ops@example.com"]],
          [true, "tocsin", ["busy@example.com"]],
          [true, "tocsin", ["ops@example.com", "busy@example.com"]]
        ]
      )
      const [first, again, cleared] = starttls.mails.map(({ raw }) => mailOf(raw))
      assert.strictEqual(again?.headers["message-id"], first?.headers["message-id"])
      assert.strictEqual(cleared?.headers["in-reply-to"], first?.headers["message-id"])
      assert.include(cleared?.headers["references"], first?.headers["message-id"])
      assert.strictEqual(cleared?.headers["subject"], "Cleared: Disk full")
      assert.isTrue(tls.mails.every(({ secure }) => secure))

      const broken = yield* eventually(
        "both others to break",
        Effect.forEach(["stripped", "wrong"], (id) =>
          Effect.map(request("GET", `/v1/integrations/${id}`), ({ as }) => as(Integration))
        ),
        (all) => all.every(({ state }) => state === "broken")
      )
      assert.include(JSON.stringify(broken[0]), "STARTTLS")
      assert.include(JSON.stringify(broken[1]), "535")
      assert.lengthOf(plain.mails, 0)

      const { items } = (yield* request("GET", "/v1/deliveries?integration=starttls")).as(Deliveries)
      const raised = items.find(({ kind }) => kind === "Raised") ?? assert.fail("no delivery")
      const shown = yield* request("GET", `/v1/deliveries/${raised.id}`)
      assert.include(shown.text, "5.1.1 No such user")
      for (const place of [...harness.answers, harness.gateway().printed()]) assert.notInclude(place, password)
    }).pipe(Effect.scoped)
  )

  it.live("sends a digest on to a recipient who is refused for a while, and to nobody twice, also after a crash", () =>
    Effect.gen(function* () {
      const server = yield* serve({ disabledCommands: ["STARTTLS"], authOptional: true })
      const harness = yield* makeInProcess()
      const { request } = harness
      const to = ["ops@example.com", "busy@example.com"]
      yield* request("POST", "/v1/integrations", {
        id: "mail",
        name: "Mail",
        type: "email",
        settings: { host: "localhost", port: server.port, security: "none", from: "tocsin@example.com", to },
        limits: { messages: 60, perSeconds: 60, burst: 1 }
      })
      yield* request("POST", "/v1/rules", { name: "All", match: {}, integrations: ["mail"], notifyOnClear: true })
      const alerts = Array.from({ length: 80 }, (_, n) => ({
        source: "curl",
        id: String(n),
        state: "raised",
        severity: "major",
        startedAt: "2026-01-15T02:00:00Z",
        rule: { name: "Disk full" }
      }))
      const posted = yield* request("POST", "/v1/alerts", alerts)
      assert.strictEqual(posted.status, 202, posted.text)
      const digests = Effect.map(request("GET", "/v1/deliveries?integration=mail&limit=100"), ({ as }) =>
        as(Deliveries).items.filter(({ kind }) => kind === "Digest")
      )
      yield* eventually("the digest at the first", digests, ([one]) => one?.status === "retrying")

      const left = mkdtempSync(join(tmpdir(), "tocsin-crash-"))
      cpSync(dirname(harness.database), left, { recursive: true })
      yield* harness.gateway().stop("SIGTERM")
      const before = server.mails.length
      yield* harness.startWith({ TOCSIN_DATABASE_URL: `sqlite:${join(left, basename(harness.database))}` })
      server.free()
      yield* eventually("the digest at the other", digests, ([one]) => one?.status === "delivered")
      yield* until("the list of its alerts", () => server.mails.length > 2)
      assert.strictEqual(before, 1)
      assert.deepStrictEqual(
        server.mails.slice(0, 3).map(({ to }) => to),
        [["ops@example.com"], ["busy@example.com"], to]
      )
      const [first, second, list] = server.mails.map(({ raw }) => mailOf(raw))
      assert.strictEqual(list?.headers["in-reply-to"], first?.headers["message-id"])
      assert.strictEqual(second?.headers["subject"], first?.headers["subject"])
      assert.strictEqual(second?.headers["message-id"], first?.headers["message-id"])
      const { items } = (yield* request("GET", "/v1/deliveries?integration=mail&limit=100")).as(Deliveries)
      const raised = items.filter(({ kind }) => kind === "Raised")
      assert.lengthOf(raised, 80)
      for (const { recipients, status } of raised) {
        assert.strictEqual(status, "delivered")
        assert.deepStrictEqual(
          recipients,
          to.map((recipient) => ({ recipient, status: "delivered" }))
        )
      }
    }).pipe(Effect.scoped)
  )
})
