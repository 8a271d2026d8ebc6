import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin, IntegrationId, Unauthorized, Egress } from "@tocsin/core"
import { Configuration, Edits, type IntegrationInput, InvalidInput, PluginRegistry } from "@tocsin/delivery"
import { Deferred, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { EgressRefused } from "@tocsin/core"
import {
  clear,
  engine,
  integration,
  integrationId,
  outcomes,
  pass,
  raise,
  realSeal,
  rule,
  save,
  settle,
  tick,
  fixture
} from "../harness/engine.ts"
import { Fake, Script } from "../harness/FakeChannel.ts"

const get = (id = "ops") => Configuration.use(({ integration }) => integration(integrationId(id)))

const put = (settings: IntegrationInput["settings"], changes: Partial<IntegrationInput> = {}) =>
  Edits.use(({ saveIntegration }) => saveIntegration(integration("ops", { ...changes, settings }), "any"))

/** What is wrong, as `path: expected`. */
const refused = <A, R>(edit: Effect.Effect<A, unknown, R>) =>
  Effect.map(Effect.flip(edit), (error) => {
    if (!(error instanceof InvalidInput)) throw new Error(`Not refused as invalid: ${String(error)}`)
    return error.errors.map(({ expected, path }) => `${path}: ${expected}`)
  })

const folder = () => mkdtempSync(join(tmpdir(), "tocsin-integrations-"))
const host = "https://chat.example.com/hook"

describe("Integrations", () => {
  it.effect(
    "shows the settings without secrets, and which secrets are set",
    fixture(() =>
      Effect.gen(function* () {
        const made = yield* put({ channel: "ops", token: "s3cr3t", proxy: { name: "p" } })
        assert.deepStrictEqual(made.settings, { channel: "ops", proxy: { name: "p" } })
        assert.deepStrictEqual(made.secretsSet, ["/token"])
        assert.notInclude(
          JSON.stringify([made, yield* get(), yield* Configuration.use(({ integrations }) => integrations)]),
          "s3cr3t"
        )
      })
    )
  )

  it.effect(
    "keeps a secret that is left out, replaces one that is entered, and removes one that is null (S2)",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops", { settings: { channel: "ops", token: "first" } }), rule("all"))
        yield* put({ channel: "ops", messages: 1000 })
        yield* raise("a")
        yield* tick
        yield* put({ channel: "ops", token: "second" })
        yield* raise("b")
        yield* tick
        yield* put({ channel: "ops", token: null })
        assert.deepStrictEqual((yield* get())?.secretsSet, [])
        yield* raise("c")
        yield* tick
        assert.deepStrictEqual(script.tokens, ["first", "second", undefined])
      })
    )
  )

  it.effect(
    "requires the secrets again when they would go to another URL, but not for another fragment (S2)",
    fixture((script) =>
      Effect.gen(function* () {
        const secrets = { token: "canary", proxy: { name: "p", password: "canary" } }
        yield* save(integration("ops", { settings: { channel: "ops", host, ...secrets } }), rule("all"))
        yield* put({ channel: "ops", host: `${host}#other`, proxy: { name: "p" } })
        for (const other of [
          "http://chat.example.com/hook",
          "https://evil.example/hook",
          "https://chat.example.com:8443/hook",
          "https://chat.example.com/other",
          "https://chat.example.com/hook/",
          "https://chat.example.com/hook?tenant=2"
        ]) {
          const errors = yield* refused(put({ channel: "ops", host: other, proxy: { name: "p" } }))
          assert.deepStrictEqual(
            errors.map((error) => error.split(":")[0]),
            ["/settings/token", "/settings/proxy/password"]
          )
          assert.notInclude(errors.join(), "canary")
        }
        yield* put({
          channel: "ops",
          host: "https://new.example/",
          token: "new",
          proxy: { name: "p", password: "pass" }
        })
        yield* raise("a")
        yield* tick
        assert.deepStrictEqual(script.tokens, ["new"])
      })
    )
  )

  it.effect("does not use the secrets of one type for another", () => {
    const both = PluginRegistry.layer([Fake, Other]).pipe(Layer.provide([new Script().layer, other]))
    return Effect.gen(function* () {
      yield* put({ channel: "ops", token: "canary" })
      const changed = yield* put({}, { type: "other" })
      assert.deepStrictEqual(changed.secretsSet, [])
    }).pipe(Effect.provide(engine(new Script(), { plugins: both })))
  })

  it.effect(
    "does not send a secret to another URL after an edit in two steps (S2)",
    fixture(() =>
      Effect.gen(function* () {
        yield* put({ channel: "ops", host, token: "canary" })
        yield* refused(put({ channel: "ops", host: "https://evil.example/" }, { enabled: false }))
        // Without a host it would be sent to another URL as well.
        yield* refused(put({ channel: "ops" }))
        const shown = yield* get()
        assert.strictEqual(shown?.settings["host"], host)
      })
    )
  )

  it.effect(
    "names the invalid field, never its value, and lists the installed types for an unknown one",
    fixture(() =>
      Effect.gen(function* () {
        const errors = yield* refused(
          put({ channel: 7, host: "not a url", proxy: { name: "p", password: "abc" }, chanel: "canary" })
        )
        assert.deepStrictEqual(errors.map((error) => error.split(":")[0]).toSorted(), [
          "/settings/chanel",
          "/settings/channel",
          "/settings/host",
          "/settings/proxy/password"
        ])
        assert.notMatch(errors.join(), /canary|abc/)
        assert.deepStrictEqual(yield* refused(put({})), ["/settings/channel: a text"])
        assert.deepStrictEqual(yield* refused(put({ channel: "ops" }, { type: "pager" })), [
          "/type: one of the installed types: fake"
        ])
        assert.deepStrictEqual(yield* refused(put({ channel: "ops" }, { fallback: IntegrationId.make("nobody") })), [
          "/fallback: the id of an integration"
        ])
        assert.isUndefined(yield* get())
      })
    )
  )

  it.effect(
    "refuses a user or a password in a URL that answers show, and takes one in a secret",
    fixture(() =>
      Effect.gen(function* () {
        const url = "https://user:s3cr3t@chat.example.com/hook"
        assert.deepStrictEqual(yield* refused(put({ channel: "ops", host: url })), [
          "/settings/host: a URL without a user or a password"
        ])
        const made = yield* put({ channel: "ops", host, token: url })
        assert.notInclude(JSON.stringify(made), "s3cr3t")
      })
    )
  )

  it.effect("refuses a forbidden destination, and shows only its scheme, host and port", () => {
    const checked: Array<string> = []
    const guard = Layer.succeed(
      Egress,
      Egress.of({
        check: (origin) => {
          checked.push(origin)
          return origin.includes("127.0.0.1") ? new EgressRefused({ message: `${origin} is not allowed` }) : Effect.void
        }
      })
    )
    return Effect.gen(function* () {
      yield* put({ channel: "ops", host })
      const errors = yield* Effect.flip(put({ channel: "ops", host: "http://127.0.0.1:81/canary?key=canary" }))
      if (!(errors instanceof InvalidInput)) return assert.fail("not refused as invalid")
      assert.deepStrictEqual(
        errors.errors.map(({ message, path }) => [path, message]),
        [["/settings/host", "http://127.0.0.1:81 is not allowed"]]
      )
      assert.deepStrictEqual(checked, ["https://chat.example.com", "http://127.0.0.1:81"])
      assert.strictEqual((yield* get())?.settings["host"], host)
    }).pipe(Effect.provide(engine(new Script(), { egress: guard })))
  })

  it.live("seals the settings for their own row: they cannot be opened in another", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* put({ channel: "ops", token: "canary" })
      yield* Edits.use(({ saveIntegration }) => saveIntegration(integration("dev"), "any"))
      const [row] = yield* sql<{ sealed_settings: string; key_id: string; settings_version: number }>`
        SELECT * FROM integrations WHERE id = 'ops'`
      assert.notInclude(row?.sealed_settings, "canary")
      assert.strictEqual(row?.key_id.length, 16)
      assert.strictEqual(row?.settings_version, 1)
      yield* sql`UPDATE integrations SET sealed_settings = ${row?.sealed_settings} WHERE id = 'dev'`
      const stolen = yield* get("dev")
      assert.deepStrictEqual(stolen?.settings, {})
      assert.isDefined(stolen?.broken)
      for (const channel of ["other", "ops"]) yield* put({ channel })
      const [again] = yield* sql<{ sealed_settings: string }>`SELECT * FROM integrations WHERE id = 'ops'`
      assert.notStrictEqual(again?.sealed_settings, row?.sealed_settings)
    }).pipe(Effect.provide(engine(new Script(), { seal: Layer.orDie(realSeal) })))
  )

  it.effect("shows an integration whose plugin is gone as broken, and keeps its pending deliveries", () =>
    Effect.gen(function* () {
      const file = join(folder(), "a.db")
      const script = new Script()
      yield* save(integration("ops", { settings: { channel: "ops", token: "t" } }), rule("all")).pipe(
        Effect.provide(engine(script, { file }))
      )
      yield* Effect.gen(function* () {
        yield* raise("a")
        yield* pass("1 hour")
        const shown = yield* get()
        assert.match(shown?.broken?.reason ?? "", /^NotReady: No plugin for the type fake is installed/)
        assert.deepStrictEqual(shown?.settings, {})
        assert.deepStrictEqual(yield* outcomes, ["Raised pending: matched by rule all"])
      }).pipe(
        Effect.provide(engine(script, { file, plugins: PluginRegistry.layer([Other]).pipe(Layer.provide(other)) }))
      )
      yield* tick.pipe(Effect.provide(engine(script, { file })))
      assert.deepStrictEqual(script.tokens, ["t"])
    })
  )

  it.effect(
    "shows since when it is broken, and when it last worked",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* tick
        assert.strictEqual((yield* get())?.lastSuccessAt, 0)
        script.always("ops", { fail: new Unauthorized({ detail: "HTTP 401" }) })
        yield* clear("a")
        yield* pass("6 minutes")
        assert.lengthOf(script.sent, 3)
        assert.deepStrictEqual((yield* get())?.broken, { reason: "Unauthorized: HTTP 401", since: 1000 })
        script.always("ops", "ok")
        yield* pass("6 minutes")
        const shown = yield* get()
        assert.isUndefined(shown?.broken)
        assert.strictEqual(shown?.lastSuccessAt, 601_000)
      })
    )
  )

  it.effect(
    "shows that it works again when a message arrives in the second in which it broke",
    fixture((script) =>
      Effect.gen(function* () {
        const [failure, success] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const fail = new Unauthorized({ detail: "HTTP 401" })
        script.next("ops", "ok", { gate: failure, after: { fail } }, { gate: success })
        yield* save(integration("ops"), rule("all"))
        yield* tick
        for (const id of ["a", "b", "c"]) yield* Effect.andThen(raise(id), settle)
        yield* Deferred.succeed(failure, undefined)
        yield* settle
        assert.isDefined((yield* get())?.broken)
        yield* Deferred.succeed(success, undefined)
        yield* settle
        assert.isUndefined((yield* get())?.broken)
      })
    )
  )
})

class Other extends ChannelPlugin.Service<Other>()("other", {
  title: "Other",
  settings: Schema.Struct({ token: Schema.optionalKey(Schema.Redacted(Schema.String)) }),
  settingsVersion: 1,
  example: {},
  setup: [],
  rateLimits: () => [],
  sizes: { text: 100 },
  capabilities: {}
}) {}
const other = Layer.succeed(
  Other,
  Other.of({ deliver: () => Effect.succeed({}), destination: () => "https://other.example.com" })
)
