import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Logger, Option, Redacted } from "effect"
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Settings } from "../../src/startup/settings/Settings.ts"

type Environment = { readonly [name: string]: string }

/** The settings of an environment, and what reading them logged. */
const read = Effect.fnUntraced(function* (env: Environment) {
  const logged: Array<string> = []
  const logger = Logger.make(({ message }) => void logged.push(String(message)))
  const settings = yield* Effect.provide(
    Effect.map(Settings, (settings) => settings),
    Settings.layer.pipe(
      Layer.provide([ConfigProvider.layer(ConfigProvider.fromEnvRecord(env)), Logger.layer([logger])])
    )
  )
  return { settings, logged }
})

/** The sentence that refuses an environment. */
const refused = (env: Environment) => Effect.map(Effect.flip(read(env)), ({ message }) => message)

const token = "a-token-of-24-characters"

describe("A start is refused with one sentence", () => {
  it.effect.each([
    [{ TOCSIN_HOST: "0.0.0.0", TOCSIN_TOKEN: "" }, "Without TOCSIN_TOKEN the gateway serves this machine only"],
    [{ TOCSIN_TOKEN: "the-\u00f6perat\u00f6rs-t0ken" }, "TOCSIN_TOKEN: Expected ASCII"],
    [{ TOCSIN_TOKEN: `${token}\n` }, "TOCSIN_TOKEN: Expected ASCII"],
    [{ TOCSIN_DATABASE_URL: "mysql://localhost/tocsin" }, "TOCSIN_DATABASE_URL: Expected sqlite: and a file"],
    [{ TOCSIN_TRUSTED_PROXIES: "proxy.example" }, "TOCSIN_TRUSTED_PROXIES: Expected addresses or CIDRs"],
    [{ TOCSIN_TRUSTED_PROXIES: "10.0.0.1, 10.0.0.0/33" }, "TOCSIN_TRUSTED_PROXIES: Expected addresses or CIDRs"],
    [{ TOCSIN_TRUSTED_PROXIES: "10.0.0.1" }, "Behind a proxy the gateway needs a token"],
    [{ TOCSIN_TLS_CERT: "/nowhere/cert.pem" }, "TOCSIN_TLS_CERT and TOCSIN_TLS_KEY belong together"],
    [{ TOCSIN_TLS_KEY: "/nowhere/key.pem" }, "TOCSIN_TLS_CERT and TOCSIN_TLS_KEY belong together"],
    [{ TOCSIN_HEARTBEAT_URL: "hc-ping.com/1" }, "TOCSIN_HEARTBEAT_URL: Expected an http or https URL"],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4318" },
      "OTEL_EXPORTER_OTLP_ENDPOINT: Expected the receiver's base URL"
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4317", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
      "OTEL_EXPORTER_OTLP_PROTOCOL: Expected http/protobuf or http/json"
    ],
    [{ TOCSIN_THOUSANDEYES_VIEWS_URL: "javascript:{time}" }, "TOCSIN_THOUSANDEYES_VIEWS_URL: Expected"]
  ] as const)("for %j", ([env, expected]) =>
    Effect.gen(function* () {
      const sentence = yield* refused(env)
      assert.include(sentence, expected)
      assert.lengthOf(sentence.split("\n"), 1)
    })
  )
})

describe("TOCSIN_TOKEN", () => {
  it.effect("must have at least 16 characters; the refusal suggests one", () =>
    Effect.gen(function* () {
      const short = token.slice(0, 15)
      const sentence = yield* refused({ TOCSIN_TOKEN: short })
      assert.strictEqual(
        sentence,
        'TOCSIN_TOKEN: Expected at least 16 characters. Make one with: TOCSIN_TOKEN="$(openssl rand -hex 32)".'
      )
      assert.notInclude(sentence, short)
      yield* read({ TOCSIN_TOKEN: token.slice(0, 16) })
    })
  )
})

describe("A secret in a file", () => {
  it.effect("is read from the file in NAME_FILE, without its line end", () =>
    Effect.gen(function* () {
      const { file } = yield* folder
      for (const end of ["", "\n", "\r\n"]) {
        const { settings } = yield* read({
          TOCSIN_TOKEN_FILE: yield* file(`${token}${end}`),
          TOCSIN_DATABASE_URL_FILE: yield* file(`postgres://tocsin:s3cr3t@db.example.com/tocsin${end}`)
        })
        assert.strictEqual(Redacted.value(Option.getOrThrow(settings.token)), token)
        assert.strictEqual(settings.store.shown, "PostgreSQL at db.example.com/tocsin")
      }
    })
  )

  it.effect("that is invalid is refused with the name of its setting, and never shown", () =>
    Effect.gen(function* () {
      const { file, path } = yield* folder
      const sentences = yield* Effect.all([
        refused({ TOCSIN_TOKEN_FILE: path("none") }),
        refused({ TOCSIN_TOKEN_FILE: yield* file("too short") }),
        refused({ TOCSIN_TOKEN_FILE: yield* file(`${token}\n\n`) }),
        refused({ TOCSIN_TOKEN_FILE: yield* file("") }),
        refused({ TOCSIN_TOKEN_FILE: yield* file(token), TOCSIN_TOKEN: token }),
        refused({ TOCSIN_DATABASE_URL_FILE: yield* file("mysql://tocsin:s3cr3t@db.example.com/tocsin") })
      ])
      assert.deepStrictEqual(
        sentences.map((sentence) => sentence.replaceAll(path(""), "")),
        [
          "TOCSIN_TOKEN_FILE: none cannot be read (ENOENT).",
          'TOCSIN_TOKEN_FILE: Expected at least 16 characters. Make one with: TOCSIN_TOKEN="$(openssl rand -hex 32)".',
          "TOCSIN_TOKEN_FILE: Expected ASCII, and no space or line break at either end.",
          'TOCSIN_TOKEN_FILE: Expected at least 16 characters. Make one with: TOCSIN_TOKEN="$(openssl rand -hex 32)".',
          "TOCSIN_TOKEN and TOCSIN_TOKEN_FILE are both set. Remove one of them.",
          "TOCSIN_DATABASE_URL_FILE: Expected sqlite: and a file, such as sqlite:data/tocsin.db, or the URL of a PostgreSQL database, such as postgres://tocsin:password@db.example.com/tocsin (for TLS with ?sslmode=verify-full, not ?ssl=)."
        ]
      )
    })
  )
})

describe("TOCSIN_HOST", () => {
  it.effect.each([
    ["[::1]", "::1"],
    ["::1", "::1"],
    ["0:0:0:0:0:0:0:1", "0:0:0:0:0:0:0:1"],
    ["127.0.0.2", "127.0.0.2"],
    ["localhost", "localhost"]
  ] as const)("%s is this machine's own address", ([host, listens]) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* read({ TOCSIN_HOST: host })).settings.host, listens)
    })
  )

  it.effect.each(["0.0.0.0", "::", "[::]", "10.0.0.1", "127.0.0.1.example.com"])("%s needs a token", (host) =>
    Effect.gen(function* () {
      assert.include(yield* refused({ TOCSIN_HOST: host }), "Without TOCSIN_TOKEN the gateway serves this machine only")
      yield* read({ TOCSIN_HOST: host, TOCSIN_TOKEN: token })
    })
  )
})

describe("A number", () => {
  it.effect.each([
    ["TOCSIN_PORT", "a port from 0 to 65535"],
    ["TOCSIN_RETENTION_DAYS", "a number of days from 1 to 36500"],
    ["TOCSIN_KEEP_ALIVE", "a number of seconds from 1 to 3600"]
  ] as const)("%s that cannot be read is refused with its range", ([name, expected]) =>
    Effect.forEach(["a lot", "8080/tcp", "-1", "65536", "1e3", "0x50", " 80", "80.5", "NaN"], (text) =>
      Effect.map(refused({ [name]: text }), (sentence) =>
        assert.strictEqual(sentence, `${name}: Expected ${expected}.`, text)
      )
    )
  )
})

describe("TOCSIN_KEEP_ALIVE", () => {
  it.effect.each([
    [{}, 75],
    [{ TOCSIN_TRUSTED_PROXIES: "10.0.0.0/8", TOCSIN_TOKEN: token }, 620],
    [{ TOCSIN_TRUSTED_PROXIES: "10.0.0.0/8", TOCSIN_TOKEN: token, TOCSIN_KEEP_ALIVE: "30" }, 30],
    [{ TOCSIN_KEEP_ALIVE: "900" }, 900]
  ] as const)("of %j is %d seconds", ([env, seconds]) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* read(env)).settings.keepAlive, seconds)
    })
  )
})

describe("A variable that is not a setting", () => {
  it.effect("is named in a warning, without its value", () =>
    Effect.gen(function* () {
      const { logged } = yield* read({
        TOCSIN_TOKEN: token,
        TOCSIN_RETENTION_DAY: "s3cr3t",
        TOCSIN_KEY_PREVIOUS_FILE: "s3cr3t",
        TOCSIN_HTTP_PORT: "9090",
        TOCSIN_POSTGRES_PORT: "tcp://10.43.57.33:5432",
        TOCSIN_MIGRATE_FROM: "sqlite:tocsin.db",
        TOCSINISH: "1"
      })
      assert.sameMembers(
        logged,
        ["TOCSIN_RETENTION_DAY", "TOCSIN_KEY_PREVIOUS_FILE", "TOCSIN_HTTP_PORT"].map(
          (name) =>
            `${name} is set, but it is not a setting of the gateway, and is ignored. Check its spelling: docs/reference/configuration.md lists the settings.`
        )
      )
    })
  )
})

describe("Beside a Kubernetes Service named tocsin", () => {
  it.effect("the service link in TOCSIN_PORT is ignored, and the log says so", () =>
    Effect.gen(function* () {
      // All that Kubernetes sets for it in every pod of its namespace.
      const { logged, settings } = yield* read({
        TOCSIN_SERVICE_HOST: "10.43.57.32",
        TOCSIN_SERVICE_PORT: "8080",
        TOCSIN_PORT: "tcp://10.43.57.32:8080",
        TOCSIN_PORT_8080_TCP: "tcp://10.43.57.32:8080",
        TOCSIN_PORT_8080_TCP_PROTO: "tcp",
        TOCSIN_PORT_8080_TCP_PORT: "8080",
        TOCSIN_PORT_8080_TCP_ADDR: "10.43.57.32"
      })
      assert.strictEqual(settings.port, 8080)
      assert.deepStrictEqual(logged, [
        "TOCSIN_PORT (tcp://10.43.57.32:8080) is a Kubernetes service link and is ignored. The gateway listens on port 8080. To choose another port, set TOCSIN_PORT in the pod's specification."
      ])
    })
  )

  it.effect.each(["udp://10.43.57.32:162", "sctp://10.43.57.32:38412", "tcp://[fd00::1]:8080"])(
    "%s is such a link too",
    (link) =>
      Effect.gen(function* () {
        const { logged, settings } = yield* read({ TOCSIN_PORT: link })
        assert.strictEqual(settings.port, 8080)
        assert.lengthOf(logged, 1)
      })
  )

  it.effect("a port that the operator sets is used, and nothing is logged", () =>
    Effect.gen(function* () {
      const { logged, settings } = yield* read({ TOCSIN_PORT: "9090", TOCSIN_SERVICE_PORT: "8080" })
      assert.strictEqual(settings.port, 9090)
      assert.deepStrictEqual(logged, [])
    })
  )
})

/** A folder for files of the test, removed with the scope. */
const folder = Effect.map(
  Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "tocsin-settings-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
  ),
  (folder) => {
    let files = 0
    const path = (name: string) => `${folder}/${name}`
    return {
      path,
      file: (text: string) =>
        Effect.promise(async () => {
          const name = path(`secret-${++files}`)
          await writeFile(name, text)
          await chmod(name, 0o600)
          return name
        })
    }
  }
)

describe("OTEL_EXPORTER_OTLP_ENDPOINT", () => {
  it.effect("is not set if it is empty, whatever the other variables say", () =>
    Effect.gen(function* () {
      const { settings } = yield* read({ OTEL_EXPORTER_OTLP_ENDPOINT: "", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" })
      assert.deepStrictEqual(settings.otlp, Option.none())
    })
  )

  it.effect("is a base URL, and its headers are percent-encoded and secret", () =>
    Effect.gen(function* () {
      const { settings } = yield* read({
        OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example.com/base/",
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20c4n4ry,x-tenant=1"
      })
      const otlp = Option.getOrThrow(settings.otlp)
      assert.strictEqual(otlp.url("/v1/traces"), "https://otlp.example.com/base/v1/traces")
      assert.deepStrictEqual(Redacted.value(otlp.headers), { authorization: "Bearer c4n4ry", "x-tenant": "1" })
      assert.notInclude(JSON.stringify(settings), "c4n4ry")
      assert.deepStrictEqual([otlp.protocol, otlp.serviceName], ["http/protobuf", "tocsin"])
    })
  )
})
