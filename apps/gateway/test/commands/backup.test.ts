import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { tmpdir } from "node:os"
import { tocsin } from "../harness/command.ts"
import { until } from "../harness/gate.ts"
import * as RawSocket from "../harness/rawSocket.ts"
import { makeInProcess, type Harness } from "../harness/gateway.ts"

const backup = (file: string, settings: { readonly [name: string]: string }) => tocsin(["backup", file], settings)

const token = "a-token-of-24-characters"

const post = (harness: Harness, id: number, changes: object = {}) =>
  harness.request(
    "POST",
    "/v1/alerts",
    {
      source: "s",
      id: `${id}.`,
      state: "raised",
      startedAt: "2026-01-01T00:00:00Z",
      rule: { name: "r" },
      summary: "x".repeat(2000),
      ...changes
    },
    { authorization: `Bearer ${token}` }
  )

/** How many alerts a SQLite file holds, which must be whole. */
const alertsIn = (file: string) => {
  const database = new DatabaseSync(file)
  try {
    assert.deepStrictEqual(Object.values(database.prepare("PRAGMA integrity_check").get() ?? {}), ["ok"])
    return Number(database.prepare("SELECT count(*) AS n FROM alerts").get()?.["n"])
  } finally {
    database.close()
  }
}

describe("A backup", () => {
  it.live("is complete while the gateway accepts alerts, and another gateway reads it with the key", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess({ TOCSIN_TOKEN: token })
      const settings = {
        TOCSIN_DATABASE_URL: `sqlite:${harness.database}`,
        TOCSIN_PORT: new URL(harness.gateway().url).port,
        TOCSIN_TOKEN: token
      }
      yield* Effect.forEach(Array.from({ length: 500 }).keys(), (n) => post(harness, n), {
        concurrency: 20,
        discard: true
      })
      let n = 500
      const writing = yield* Effect.forkChild(Effect.forever(Effect.suspend(() => post(harness, n++))))
      const folder = mkdtempSync(join(tmpdir(), "tocsin-backups-"))
      const file = join(folder, "tocsin.db")
      const { code, err, out } = yield* backup(file, settings)
      assert.strictEqual(code, 0, out + err)
      assert.include(out, `Backed up ${harness.database} to ${file} (`)
      assert.strictEqual((statSync(file).mode & 0o777).toString(8), "600")
      assert.deepStrictEqual(readdirSync(folder), ["tocsin.db"])
      assert.isAtLeast(alertsIn(file), 500)
      // Nothing is left beside the database, and nothing of it is shown.
      assert.deepStrictEqual(
        readdirSync(dirname(harness.database)).filter((name) => name.includes("backup")),
        []
      )
      assert.include(harness.gateway().printed(), "A backup was downloaded by 127.0.0.1.")
      writing.interruptUnsafe()
      writeFileSync(`${file}.key`, readFileSync(`${harness.database}.key`), { mode: 0o600 })
      yield* harness.gateway().stop("SIGTERM")
      yield* harness.startWith({ TOCSIN_DATABASE_URL: `sqlite:${file}` })
      const { text } = yield* harness.request("GET", "/v1/alerts?limit=1", undefined, {
        authorization: `Bearer ${token}`
      })
      assert.isAtLeast(Number(/"total":(\d+)/.exec(text)?.[1]), 500)
    }).pipe(Effect.scoped)
  )

  it.live("that is impossible is refused with a sentence that says what to do", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess({ TOCSIN_TOKEN: token })
      const folder = mkdtempSync(join(tmpdir(), "tocsin-backups-"))
      const file = join(folder, "tocsin.db")
      const settings = {
        TOCSIN_DATABASE_URL: `sqlite:${harness.database}`,
        TOCSIN_PORT: new URL(harness.gateway().url).port,
        TOCSIN_TOKEN: token
      }
      const sentence = (changed: { readonly [name: string]: string }, to = file) =>
        Effect.map(backup(to, { ...settings, ...changed }), ({ code, err }) => {
          assert.strictEqual(code, 1, err)
          assert.notInclude(err, "another-token-of-the-test")
          return err.trimEnd()
        })
      assert.strictEqual(
        yield* sentence({ TOCSIN_TOKEN: "another-token-of-the-test" }),
        `The database is in use, and the gateway at 127.0.0.1:${settings.TOCSIN_PORT} wants another token. Set TOCSIN_TOKEN as the gateway has it.`
      )
      assert.include(
        yield* sentence({ TOCSIN_PORT: "1" }),
        "The database is in use, and no gateway answers at 127.0.0.1:1."
      )
      assert.strictEqual(
        yield* sentence({ TOCSIN_DATABASE_URL: "postgres://tocsin:another-token-of-the-test@db.example.com/tocsin" }),
        `PostgreSQL at db.example.com/tocsin is backed up by PostgreSQL's own program: pg_dump --format=custom --file=${file} "$TOCSIN_DATABASE_URL"`
      )
      assert.include(yield* sentence({}, harness.database), "exists already. Name another file, or remove it first.")
      assert.include(
        yield* sentence({ TOCSIN_DATABASE_URL: "sqlite:/nowhere/a.db" }),
        "There is no database /nowhere/a.db"
      )
      assert.deepStrictEqual(readdirSync(folder), [])
    }).pipe(Effect.scoped)
  )

  it.live("is refused while another is downloaded, and made once that has ended", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess({ TOCSIN_TOKEN: token })
      // More than the system's buffers take at once.
      const observations = Array.from({ length: 900 }, (_, n) => ({ name: `${n}`, atStart: "x".repeat(4096) }))
      for (let n = 0; n < 5; n++) yield* post(harness, n, { observations })
      const { url } = harness.gateway()
      const download = Effect.gen(function* () {
        const socket = yield* RawSocket.open(url)
        socket.say(`POST /v1/backup HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`)
        yield* until("the response", () => socket.heard() !== "")
        return socket
      })
      const first = yield* Effect.scoped(
        Effect.gen(function* () {
          const first = yield* download
          first.stopReading()
          assert.deepStrictEqual(RawSocket.statuses(first.heard()), [200])
          const { heard } = yield* download
          assert.deepStrictEqual(RawSocket.statuses(heard()), [409])
          assert.include(heard(), "retry-after: 60")
          assert.include(heard(), "Another backup is being downloaded. Try again once it has ended")
          const file = join(mkdtempSync(join(tmpdir(), "tocsin-backups-")), "tocsin.db")
          const settings = { TOCSIN_DATABASE_URL: `sqlite:${harness.database}`, TOCSIN_PORT: new URL(url).port }
          const { code, err } = yield* backup(file, { ...settings, TOCSIN_TOKEN: token })
          assert.strictEqual(code, 1)
          assert.include(
            err,
            "The database is in use, and another backup is being downloaded from the gateway at 127.0"
          )
          return first
        })
      )
      assert.isTrue(first.isClosed())
      yield* Effect.repeat(Effect.scoped(download), {
        schedule: Schedule.spaced("30 millis"),
        until: ({ heard }) => RawSocket.statuses(heard()).includes(200)
      })
    }).pipe(Effect.scoped)
  )

  it.live("needs no running gateway", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess()
      yield* post(harness, 1)
      yield* harness.gateway().stop("SIGTERM")
      const file = join(mkdtempSync(join(tmpdir(), "tocsin-backups-")), "tocsin.db")
      const { code, err } = yield* backup(file, { TOCSIN_DATABASE_URL: `sqlite:${harness.database}` })
      assert.strictEqual(code, 0, err)
      assert.strictEqual(alertsIn(file), 1)
    }).pipe(Effect.scoped)
  )
})
