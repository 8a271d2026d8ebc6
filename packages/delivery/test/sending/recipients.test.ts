import { assert, describe, it } from "@effect/vitest"
import {
  ChannelPlugin,
  DeliveryError,
  type Notification,
  type PartialDelivery,
  PayloadRejected,
  type RecipientOutcome,
  Unavailable
} from "@tocsin/core"
import { PluginRegistry } from "@tocsin/delivery"
import { Deferred, Effect, Layer, Redacted, Schema } from "effect"
import {
  accept,
  clear,
  deliveries,
  engine,
  event,
  type Fixture,
  integration,
  outcomes,
  pass,
  raise,
  rule,
  save,
  tick
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { crashed, newFile } from "../harness/store.ts"

/** What the mail server does, and which messages each address got. */
class MailServer {
  readonly down = new Set<string>()
  readonly unknown = new Set<string>()
  refusesRich = false
  /** Whether the plugin writes its password into the partial result. */
  tellsSecret = false
  /** Holds the next attempts before anything is sent. */
  gate: Deferred.Deferred<void> | undefined
  readonly got: Array<string> = []
  readonly partials: Array<PartialDelivery | undefined> = []
}

const Sent = Schema.Array(Schema.String)

/** A plugin that sends one message to each of several addresses. */
const pluginFor = (server: MailServer) => {
  class Mail extends ChannelPlugin.Service<Mail>()("mail", {
    title: "Mail",
    settings: Schema.Struct({ to: Schema.Array(Schema.String), password: Schema.Redacted(Schema.String) }),
    settingsVersion: 1,
    example: { to: [], password: "p" },
    setup: [],
    rateLimits: () => [{ key: "mail", messages: 100_000, perSeconds: 60, burst: 100_000 }],
    sizes: { text: 4000 },
    capabilities: {}
  }) {
    static readonly layer = Layer.succeed(
      Mail,
      Mail.of({
        destination: () => "https://mail.example.com/",
        deliver: Effect.fnUntraced(function* ({ password, to }, notification: Notification, { form, partial }) {
          server.partials.push(partial)
          if (server.gate !== undefined) yield* Deferred.await(server.gate)
          const sent = partial === undefined ? [] : Schema.decodeUnknownSync(Sent)(partial.data)
          const left = to.filter((address) => !sent.includes(address))
          const failing = left.filter((address) => server.down.has(address))
          const outcomes = left.map((recipient): RecipientOutcome => {
            if (failing.includes(recipient)) return { recipient, status: "failed", detail: "451 try again later" }
            if (server.unknown.has(recipient)) return { recipient, status: "failed", detail: "550 no such user" }
            server.got.push(`${nameOf(notification)} ${recipient}`)
            return { recipient, status: "delivered" }
          })
          const link = new URL("https://mail.example.com/sent/1")
          if (failing.length === 0) return { link, recipients: outcomes }
          const data = [...sent, ...left.filter((address) => !failing.includes(address))]
          return yield* new DeliveryError({
            reason:
              server.refusesRich && form === "rich"
                ? new PayloadRejected({ detail: "552" })
                : new Unavailable({ detail: "451" }),
            partial: {
              data: server.tellsSecret ? [...data, Redacted.value(password)] : data,
              recipients: outcomes
            }
          })
        })
      })
    )
  }
  return PluginRegistry.layer([Mail]).pipe(Layer.provide(Mail.layer))
}

/** `Raised`, or `Digest 29+1` with the number of raised and of cleared alerts. */
const nameOf = (notification: Notification): string =>
  notification._tag === "Digest" ? `Digest ${notification.raised}+${notification.cleared}` : notification._tag

const mail = (changes: Parameters<typeof integration>[1] = {}) =>
  integration("ops", { type: "mail", settings: { to: ["a", "b", "c"], password: "c4n4ry-T0K3N" }, ...changes })

const withServer = (test: (server: MailServer) => Effect.Effect<void, unknown, Fixture>) => () =>
  Effect.suspend(() => {
    const server = new MailServer()
    return Effect.provide(
      Effect.andThen(save(mail(), rule("all")), test(server)),
      engine(new Script(), { plugins: pluginFor(server) })
    )
  })

describe("An integration with several recipients", () => {
  it.effect("retries only those that failed, also after a restart, and history shows the outcome of each", () =>
    Effect.gen(function* () {
      const file = newFile()
      const server = new MailServer()
      server.down.add("b")
      server.unknown.add("c")
      const started = () => engine(new Script(), { file, plugins: pluginFor(server) })
      yield* Effect.gen(function* () {
        yield* save(mail(), rule("all"))
        yield* raise("x")
        yield* tick
        const [delivery] = yield* deliveries
        assert.strictEqual(delivery?.status, "retrying")
        assert.deepStrictEqual(delivery.recipients, [
          { recipient: "a", status: "delivered" },
          { recipient: "b", status: "failed", detail: "451 try again later" },
          { recipient: "c", status: "failed", detail: "550 no such user" }
        ])
        assert.isUndefined(delivery.link)
      }).pipe(Effect.provide(started()))
      server.down.clear()
      yield* Effect.gen(function* () {
        yield* pass("1 minute")
        const [delivery] = yield* deliveries
        assert.strictEqual(delivery?.status, "delivered")
        assert.deepStrictEqual(delivery.recipients, [
          { recipient: "a", status: "delivered" },
          { recipient: "b", status: "delivered" },
          { recipient: "c", status: "failed", detail: "550 no such user" }
        ])
        assert.strictEqual(delivery.link?.href, "https://mail.example.com/sent/1")
      }).pipe(Effect.provide(started()))
      assert.deepStrictEqual(server.got, ["Raised a", "Raised b"])
    })
  )

  it.effect(
    "sends other alerts at once while one of them fails",
    withServer((server) =>
      Effect.gen(function* () {
        server.down.add("b")
        for (let n = 0; n < 8; n++) {
          yield* raise(`x${n}`)
          yield* tick
        }
        yield* pass("10 minutes")
        assert.lengthOf(server.got, 16)
        yield* raise("later")
        yield* tick
        assert.lengthOf(server.got, 18)
        server.down.clear()
        yield* pass("5 minutes")
        assert.lengthOf(server.got, 27)
      })
    )
  )

  it.effect(
    "keeps what was achieved from the rich to the plain form",
    withServer((server) =>
      Effect.gen(function* () {
        server.down.add("b")
        server.refusesRich = true
        yield* raise("x")
        yield* tick
        server.down.clear()
        yield* pass("1 minute")
        assert.deepStrictEqual(server.got, ["Raised a", "Raised c", "Raised b"])
      })
    )
  )

  it.effect(
    "sends to all of them where the message says something else by then",
    withServer((server) =>
      Effect.gen(function* () {
        server.down.add("b")
        yield* raise("x")
        yield* tick
        yield* clear("x")
        server.down.clear()
        yield* pass("1 minute")
        assert.deepStrictEqual(server.got.slice(2), ["RaisedAndCleared a", "RaisedAndCleared b", "RaisedAndCleared c"])
      })
    )
  )

  it.effect(
    "sends the clear of a raise that only some of them have",
    withServer((server) =>
      Effect.gen(function* () {
        yield* save(mail({ delivery: { deadline: 60 } }))
        server.down.add("b")
        yield* raise("x")
        yield* pass("1 hour")
        assert.deepStrictEqual(yield* outcomes, ["Raised dead: Unavailable: 451"])
        server.down.clear()
        yield* clear("x")
        yield* tick
        assert.deepStrictEqual(server.got.slice(-3), ["Cleared a", "Cleared b", "Cleared c"])
      })
    )
  )

  it.effect(
    "sends to all of them after an edit of the settings (O8)",
    withServer((server) =>
      Effect.gen(function* () {
        server.down.add("b")
        yield* raise("x")
        yield* tick
        server.down.clear()
        yield* save(mail({ settings: { to: ["a", "b"], password: "another" } }))
        yield* pass("1 minute")
        assert.deepStrictEqual(server.got.slice(2), ["Raised a", "Raised b"])
      })
    )
  )

  it.effect(
    "stores no secret that the plugin writes into the partial result: the next attempt goes to all of them",
    withServer((server) =>
      Effect.gen(function* () {
        server.tellsSecret = true
        server.down.add("b")
        yield* raise("x")
        yield* tick
        server.down.clear()
        yield* pass("1 minute")
        assert.deepStrictEqual(server.partials, Array(server.partials.length).fill(undefined))
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered"])
      })
    )
  )
})

const limits = { messages: 10, perSeconds: 60, burst: 1 }

/** More alerts than the rate limit allows in a minute. */
const storm = accept(...Array.from({ length: 30 }, (_, n) => event(`x${n}`)))

const statuses = Effect.map(deliveries, (all) =>
  [...Map.groupBy(all, ({ kind, status }) => `${kind} ${status}`)].map(
    ([outcome, { length }]) => `${length} ${outcome}`
  )
)

describe("A digest to several recipients (D5)", () => {
  it.effect("is retried only for those that failed, also after crashes, and what it includes shows who got it", () =>
    Effect.gen(function* () {
      const server = new MailServer()
      server.down.add("b")
      const on = (file: string) => engine(new Script(), { file, plugins: pluginFor(server) })
      const first = newFile()
      const second = yield* Effect.gen(function* () {
        yield* save(mail({ limits }), rule("all"))
        yield* storm
        yield* tick
        assert.deepStrictEqual(server.got, ["Digest 30+0 a", "Digest 30+0 c"])
        assert.deepStrictEqual(yield* statuses, ["30 Raised delivered", "1 Digest retrying"])
        return yield* crashed(first)
      }).pipe(Effect.provide(on(first)))

      const gate = (server.gate = yield* Deferred.make<void>())
      const third = yield* Effect.gen(function* () {
        yield* Effect.addFinalizer(() => Deferred.succeed(gate, undefined))
        yield* Effect.repeat(tick, { until: () => server.partials.length === 2 })
        assert.deepStrictEqual(yield* statuses, ["30 Raised delivered", "1 Digest sending"])
        return yield* crashed(second)
      }).pipe(Effect.scoped, Effect.provide(on(second)))

      server.gate = undefined
      server.down.clear()
      yield* Effect.gen(function* () {
        yield* pass("1 minute")
        assert.deepStrictEqual(server.got, ["Digest 30+0 a", "Digest 30+0 c", "Digest 30+0 b"])
        assert.deepStrictEqual(yield* statuses, ["30 Raised delivered", "1 Digest delivered"])
        const all = yield* deliveries
        const digest = all.find(({ kind }) => kind === "Digest")
        for (const one of all) {
          assert.deepStrictEqual(
            one.recipients,
            ["a", "b", "c"].map((recipient) => ({ recipient, status: "delivered" }))
          )
          if (one !== digest) assert.strictEqual(one.foldedInto, digest?.id)
        }
      }).pipe(Effect.provide(on(third)))
    })
  )

  it.effect(
    "reports its alerts to the others as they are by then, and holds back no clear",
    withServer((server) =>
      Effect.gen(function* () {
        yield* save(mail({ limits }))
        server.down.add("b")
        yield* storm
        yield* tick
        yield* clear("x0")
        yield* pass("10 seconds")
        server.down.clear()
        yield* pass("2 minutes")
        assert.deepStrictEqual(server.got.toSorted(), [
          "Cleared a",
          "Cleared b",
          "Cleared c",
          "Digest 29+1 b",
          "Digest 30+0 a",
          "Digest 30+0 c"
        ])
        assert.deepStrictEqual(yield* statuses, ["30 Raised delivered", "1 Digest delivered", "1 Cleared delivered"])
      })
    )
  )

  it.effect(
    "is dead at its deadline, and names those who do not have it",
    withServer((server) =>
      Effect.gen(function* () {
        yield* save(mail({ limits, delivery: { deadline: 60 } }))
        server.down.add("b")
        yield* storm
        yield* pass("1 hour")
        assert.deepStrictEqual(server.got, ["Digest 30+0 a", "Digest 30+0 c"])
        assert.deepStrictEqual(yield* statuses, ["30 Raised delivered", "1 Digest dead"])
        const [one] = yield* deliveries
        assert.deepStrictEqual(one?.recipients[1], {
          recipient: "b",
          status: "failed",
          detail: "451 try again later"
        })
      })
    )
  )

  it.effect(
    "is composed again if nobody has it",
    withServer((server) =>
      Effect.gen(function* () {
        yield* save(mail({ limits }))
        for (const address of ["a", "b"]) server.down.add(address)
        server.unknown.add("c")
        yield* storm
        yield* tick
        server.down.clear()
        yield* pass("2 minutes")
        assert.deepStrictEqual(server.got, ["Digest 30+0 a", "Digest 30+0 b"])
        assert.deepStrictEqual((yield* statuses).slice(1), ["1 Digest superseded", "1 Digest delivered"])
      })
    )
  )

  it.effect(
    "goes to the others only where an edit during its attempt leaves the settings as they are (O8)",
    withServer((server) =>
      Effect.gen(function* () {
        yield* save(mail({ limits }))
        server.down.add("b")
        const gate = (server.gate = yield* Deferred.make<void>())
        yield* storm
        yield* tick
        yield* save(mail({ limits, name: "renamed" }))
        server.gate = undefined
        yield* Deferred.succeed(gate, undefined)
        yield* tick
        server.down.clear()
        yield* pass("1 minute")
        assert.deepStrictEqual(server.got, ["Digest 30+0 a", "Digest 30+0 c", "Digest 30+0 b"])
      })
    )
  )

  it.effect(
    "goes to all of them after an edit of the settings (O8)",
    withServer((server) =>
      Effect.gen(function* () {
        yield* save(mail({ limits }))
        server.down.add("b")
        yield* storm
        yield* tick
        server.down.clear()
        yield* save(mail({ limits, settings: { to: ["b", "d"], password: "another" } }))
        yield* pass("1 minute")
        assert.deepStrictEqual(server.got.slice(2), ["Digest 30+0 b", "Digest 30+0 d"])
      })
    )
  )
})
