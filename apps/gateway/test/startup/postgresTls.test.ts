import { assert, it } from "@effect/vitest"
import { startPostgres } from "@tocsin/test-postgres"
import { Effect, Layer } from "effect"
import { chmodSync, chownSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { generate } from "selfsigned"
import { eventually } from "../harness/gate.ts"
import * as InProcess from "../harness/inProcess.ts"
import * as Store from "../../src/startup/Store.ts"
import { isStoreUrl, readStoreUrl } from "../../src/startup/settings/storeUrl.ts"

/** What the server lets into each of its databases. */
const hba = `hostnossl demands,certificates all all reject
hostssl refuses all all reject
hostssl certificates all all scram-sha-256 clientcert=verify-full
`

/** A certificate for the name, signed by the authority or else by itself. */
const certificate = (commonName: string, ca?: { readonly key: string; readonly cert: string }) =>
  Effect.promise(() =>
    generate([{ name: "commonName", value: commonName }], { algorithm: "sha256", ...(ca !== undefined && { ca }) })
  )

/** An authority that signs certificates. */
const authority = Effect.promise(() =>
  generate([{ name: "commonName", value: "Authority" }], {
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "keyUsage", keyCertSign: true }
    ]
  })
)

/** A PostgreSQL that has no TLS yet. */
const server = Effect.gen(function* () {
  const postgres = yield* Effect.acquireRelease(
    Effect.promise(() => startPostgres("fsync=off")),
    ({ stop }) => Effect.promise(() => stop())
  )
  const run = (...statements: ReadonlyArray<string>) =>
    Effect.promise(async () => {
      const client = postgres.server.getPgClient()
      await client.connect()
      const rows = []
      for (const statement of statements) rows.push(...(await client.query(statement)).rows)
      await client.end()
      return rows
    })
  const [{ data_directory: data }] = yield* run("SHOW data_directory")
  const file = (name: string, text: string) => {
    writeFileSync(join(data, name), text, { mode: 0o600 })
    chownSync(join(data, name), statSync(data).uid, statSync(data).gid)
  }
  return {
    postgres,
    run,
    file,
    hbaNow: () => readFileSync(join(data, "pg_hba.conf"), "utf8"),
    /** A host name, for which the certificate is. */
    url: (database: string, parameters = "") =>
      `${postgres.url(database).replace("127.0.0.1", "localhost")}${parameters}`
  }
})

const folder = () => mkdtempSync(join(tmpdir(), "tocsin-tls-"))

it.live("uses PostgreSQL over TLS as sslmode says, and refuses with the reason", () =>
  Effect.gen(function* () {
    const { file, hbaNow, run, url } = yield* server
    const open = (database: string, parameters?: string) =>
      Effect.scoped(Layer.build(Store.layer(readStoreUrl(url(database, parameters)))))
    const opens = (database: string, parameters?: string) => Effect.orDie(open(database, parameters))
    const sentence = (database: string, parameters?: string) =>
      open(database, parameters).pipe(
        Effect.matchEffect({
          onFailure: ({ message }) => Effect.succeed(message),
          onSuccess: () => Effect.die(new Error(`${database}${parameters} was not refused`))
        })
      )

    // Without TLS at the server.
    for (const parameters of ["", "?sslmode=prefer", "?sslmode=allow", "?sslmode=disable"]) {
      yield* opens("postgres", parameters)
    }
    assert.include(yield* sentence("postgres", "?sslmode=require"), "does not offer TLS. Turn on ssl there")

    const own = yield* certificate("localhost")
    const other = yield* certificate("db.example.com")
    const clients = yield* authority
    const client = yield* certificate("tocsin", { key: clients.private, cert: clients.cert })
    const [ca, cert, key] = ["ca.pem", "client.pem", "client.key"].map((name) => join(folder(), name))
    assert(ca !== undefined && cert !== undefined && key !== undefined)
    writeFileSync(ca, own.cert)
    writeFileSync(cert, client.cert)
    writeFileSync(key, client.private, { mode: 0o600 })
    const serve = (pair: typeof own, ...settings: ReadonlyArray<string>) => {
      file("server.crt", pair.cert)
      file("server.key", pair.private)
      return run(...settings, "SELECT pg_reload_conf()")
    }
    file("clients.crt", clients.cert)
    file("pg_hba.conf", `${hba}${hbaNow()}`)
    yield* run("CREATE DATABASE demands", "CREATE DATABASE refuses", "CREATE DATABASE certificates")
    yield* serve(own, "ALTER SYSTEM SET ssl_ca_file = 'clients.crt'", "ALTER SYSTEM SET ssl = on")
    yield* eventually("TLS", run("SHOW ssl"), ([row]) => row.ssl === "on")

    // Whoever has the certificate's authority checks it; the others encrypt only.
    for (const parameters of ["", "?sslmode=prefer", "?sslmode=allow", "?sslmode=require"]) {
      yield* opens("demands", parameters)
    }
    assert.include(yield* sentence("demands", "?sslmode=disable"), "demands TLS. Replace sslmode=disable")
    yield* opens("demands", `?sslmode=verify-full&sslrootcert=${ca}`)
    for (const parameters of ["?sslmode=verify-full", "?sslrootcert=system", `?sslmode=require&sslrootcert=${cert}`]) {
      assert.include(yield* sentence("demands", parameters), "has a certificate that is not trusted.")
    }
    // A server that lets in nobody with TLS.
    for (const parameters of ["", "?sslmode=allow", "?sslmode=disable"]) yield* opens("refuses", parameters)
    assert.include(yield* sentence("refuses", "?sslmode=require"), "does not let the user of its URL in")

    // A client certificate.
    assert.include(yield* sentence("certificates"), "demands a client certificate. Name it in the URL")
    yield* opens("certificates", `?sslcert=${cert}&sslkey=${key}`)
    yield* opens("certificates", `?sslmode=verify-full&sslrootcert=${ca}&sslcert=${cert}&sslkey=${key}`)
    assert.include(
      yield* sentence("certificates", `?sslmode=require&sslcert=${ca}&sslkey=${key}`),
      "cannot be read. Name PEM files"
    )
    const [foreignCert, foreignKey] = [join(folder(), "foreign.pem"), join(folder(), "foreign.key")]
    writeFileSync(foreignCert, other.cert)
    writeFileSync(foreignKey, other.private, { mode: 0o600 })
    assert.include(
      yield* sentence("certificates", `?sslmode=require&sslcert=${foreignCert}&sslkey=${foreignKey}`),
      "refuses the client certificate"
    )

    // A certificate for another host.
    yield* serve(other)
    writeFileSync(ca, other.cert)
    const another = yield* eventually(
      "the other certificate",
      sentence("demands", `?sslmode=verify-full&sslrootcert=${ca}`),
      (text) => !text.includes("not trusted")
    )
    assert.include(another, "has a certificate for another host")
    for (const mode of ["verify-ca", "require"]) yield* opens("demands", `?sslmode=${mode}&sslrootcert=${ca}`)

    // Parameters that mean nothing, or are not safe.
    assert.isFalse(isStoreUrl(url("demands", "?ssl=true")))
    assert.include(yield* sentence("demands", "?sslmode=on"), "unknown sslmode. Use one of disable, allow, prefer")
    assert.include(yield* sentence("demands", "?sslmode=require&sslrootcert=system"), "needs sslmode=verify-full")
    assert.include(yield* sentence("demands", "?sslmode=require&sslrootcert=/nowhere"), "cannot be read")
    assert.include(yield* sentence("demands", `?sslcert=${cert}`), "belong together")
    chmodSync(key, 0o644)
    assert.include(yield* sentence("demands", `?sslcert=${cert}&sslkey=${key}`), "Run chmod 600 on it")
  }).pipe(Effect.scoped)
)

it.live("with sslmode=prefer, uses a server that was restarted without TLS, and TLS again once it is back", () =>
  Effect.gen(function* () {
    const { file, postgres, run, url: storeUrl } = yield* server
    const pair = yield* certificate("localhost")
    file("server.crt", pair.cert)
    file("server.key", pair.private)
    const restart = (ssl: "on" | "off") =>
      Effect.andThen(
        run(`ALTER SYSTEM SET ssl = ${ssl}`),
        Effect.promise(() => postgres.restart())
      )
    yield* restart("on")
    const { url } = yield* InProcess.start({
      TOCSIN_DATABASE_URL: storeUrl("postgres"),
      TOCSIN_KEY: Buffer.alloc(32, 1).toString("base64")
    })
    const sessions = (what: string, areWished: (rows: ReadonlyArray<{ ssl: boolean; n: number }>) => boolean) =>
      eventually(
        what,
        Effect.andThen(
          Effect.promise(() => fetch(`${url}/v1/alerts`).then((answer) => answer.arrayBuffer())),
          run(
            "SELECT ssl, count(*)::int AS n FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'tocsin' GROUP BY ssl"
          )
        ),
        areWished
      )
    yield* sessions("TLS", (rows) => rows.length === 1 && rows.every(({ n, ssl }) => ssl && n > 2))
    yield* restart("off")
    yield* sessions("no TLS", (rows) => rows.some(({ n }) => n > 2))
    yield* restart("on")
    yield* sessions("TLS again", (rows) => rows.some(({ ssl }) => ssl))
  }).pipe(Effect.scoped)
)
