import { assert, it } from "@effect/vitest"
import { startPostgres } from "@tocsin/test-postgres"
import { Effect } from "effect"
import { chownSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { generate } from "selfsigned"
import * as InProcess from "../harness/inProcess.ts"
import { refused } from "../harness/refusal.ts"

const key = Buffer.alloc(32, 1).toString("base64")

it.live("a PostgreSQL that demands TLS is used as sslmode says, and refused with what is wrong", () =>
  Effect.gen(function* () {
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
    const url = postgres.url("postgres")
    const start = (changed: string) => ({ TOCSIN_DATABASE_URL: changed, TOCSIN_KEY: key })
    assert.include(yield* refused(start(`${url}?sslmode=require`)), "does not offer TLS. Turn on ssl there")

    const pair = yield* Effect.promise(() => generate([{ name: "commonName", value: "db.example.com" }]))
    const ca = join(mkdtempSync(join(tmpdir(), "tocsin-ca-")), "ca.pem")
    writeFileSync(ca, pair.cert)
    for (const [name, text] of [
      ["server.crt", pair.cert],
      ["server.key", pair.private]
    ] as const) {
      writeFileSync(join(data, name), text, { mode: 0o600 })
      chownSync(join(data, name), statSync(data).uid, statSync(data).gid)
    }
    const hba = join(data, "pg_hba.conf")
    const before = readFileSync(hba, "utf8")
    yield* run("ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")
    writeFileSync(hba, `hostnossl all all all reject\n${before}`)
    yield* Effect.promise(() => postgres.restart())

    assert.include(yield* refused(start(url)), "demands TLS. Add ?sslmode=verify-full to the URL.")
    assert.include(yield* refused(start(`${url}?sslmode=verify-full`)), "certificate that is not trusted (")
    assert.include(
      yield* refused(start(`${url}?sslmode=verify-full&sslrootcert=${ca}`)),
      "has a certificate for another host"
    )
    assert.include(yield* refused(start(`${url}?ssl=true`)), "not ?ssl=")
    assert.include(yield* refused(start(`${url}?sslmode=require&sslrootcert=/nowhere`)), "cannot be read")
    for (const mode of ["sslmode=require", `sslmode=verify-ca&sslrootcert=${ca}`]) {
      yield* Effect.scoped(InProcess.start(start(`${url}?${mode}`)))
    }
  }).pipe(Effect.scoped)
)
