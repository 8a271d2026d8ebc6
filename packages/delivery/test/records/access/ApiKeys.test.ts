import { assert, describe, it } from "@effect/vitest"
import { ApiKeys, AuditLog, CurrentAuthor, isValid, Sessions } from "@tocsin/delivery"
import { Clock, Effect, Exit } from "effect"
import { SqlClient } from "effect/sql"
import { isPostgres } from "../../harness/store.ts"
import { fixture, pass, rule, save } from "../../harness/engine.ts"

/** Records each write of a last use, whichever the database. */
const countsUses = isPostgres
  ? [
      `CREATE FUNCTION count_uses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO uses VALUES (NEW.last_used_at); RETURN NULL;
      END $$`,
      "CREATE TRIGGER counts_uses AFTER UPDATE OF last_used_at ON api_keys FOR EACH ROW EXECUTE FUNCTION count_uses()"
    ]
  : [
      "CREATE TRIGGER counts_uses AFTER UPDATE OF last_used_at ON api_keys BEGIN INSERT INTO uses VALUES (NEW.last_used_at); END"
    ]

const find = Effect.fnUntraced(function* (secretHash: string) {
  const key = yield* (yield* ApiKeys).find(secretHash)
  const now = yield* Clock.currentTimeMillis
  return key && { ...key, isValid: isValid(key, now) }
})

const create = (secretHash: string, expiresAfter?: number) =>
  Effect.flatMap(ApiKeys, (keys) => keys.create({ name: secretHash, scopes: ["read"], secretHash, expiresAfter }))

describe("API keys", () => {
  it.effect(
    "that end while somebody signs in with them start no session",
    fixture(() =>
      Effect.gen(function* () {
        const keys = yield* ApiKeys
        const sessions = yield* Sessions
        const signIn = (keyId: string, secretHash: string) =>
          sessions.begin({ secretHash, keyId, scopes: ["read"], actor: "a", address: "::1", browser: undefined })

        const revoked = yield* create("revoked")
        // As when the key was found valid just before.
        yield* keys.revoke(revoked.id)
        assert.isUndefined(yield* signIn(revoked.id, "s1"))

        const short = yield* create("short", 60_000)
        assert.strictEqual((yield* signIn(short.id, "s2"))?.expiresAt, short.expiresAt)
        yield* pass("1 minute")
        assert.isUndefined(yield* signIn(short.id, "s3"))
      })
    )
  )

  it.effect(
    "end at once where they are revoked, and within a second at another gateway",
    fixture(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const here = yield* create("here")
        assert.isTrue((yield* find("here"))?.isValid)
        yield* (yield* ApiKeys).revoke(here.id)
        assert.isFalse((yield* find("here"))?.isValid)

        const elsewhere = yield* create("elsewhere")
        assert.isTrue((yield* find("elsewhere"))?.isValid)
        yield* sql`UPDATE api_keys SET revoked_at = 1 WHERE id = ${elsewhere.id}`
        assert.isTrue((yield* find("elsewhere"))?.isValid)
        yield* pass("1 second")
        assert.isFalse((yield* find("elsewhere"))?.isValid)
      })
    )
  )

  it.effect(
    "expire, and are forgotten with the history",
    fixture(
      () =>
        Effect.gen(function* () {
          yield* create("short", 60_000)
          yield* create("lasting")
          yield* pass("59 seconds")
          assert.isTrue((yield* find("short"))?.isValid)
          yield* pass("1 second")
          assert.isFalse((yield* find("short"))?.isValid)
          yield* pass("47 hours")
          assert.isDefined(yield* find("short"))
          yield* pass("2 hours")
          assert.isUndefined(yield* find("short"))
          assert.isTrue((yield* find("lasting"))?.isValid)
        }),
      { historyKept: "2 days" }
    )
  )

  it.effect(
    "keep the time of their last use, written once a minute however often they are used",
    fixture(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE uses (at bigint)`
        for (const statement of countsUses) yield* sql.unsafe(statement)
        const keys = yield* ApiKeys
        yield* create("busy")
        const use = Effect.flatMap(keys.find("busy"), (key) =>
          key === undefined ? Effect.die("gone") : keys.used(key)
        )
        const start = yield* Clock.currentTimeMillis
        for (let second = 0; second < 130; second += 10) {
          yield* use
          yield* pass("10 seconds")
        }
        const written = yield* sql<{ at: number }>`SELECT at FROM uses`
        assert.deepStrictEqual(
          written.map(({ at }) => at - start),
          [0, 60_000, 120_000]
        )
        assert.strictEqual(((yield* find("busy"))?.lastUsedAt ?? 0) - start, 120_000)
      })
    )
  )
})

describe("The audit log", () => {
  it.effect(
    "has every change that was made, and no change is made without it",
    fixture(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const keys = yield* ApiKeys
        const { id } = yield* create("kept")
        yield* sql`ALTER TABLE audit RENAME TO elsewhere`
        assert.isTrue(Exit.isFailure(yield* Effect.exit(create("another"))))
        assert.isTrue(Exit.isFailure(yield* Effect.exit(keys.revoke(id))))
        assert.isTrue(Exit.isFailure(yield* Effect.exit(save({ ...rule("new"), integrations: [] }))))
        yield* sql`ALTER TABLE elsewhere RENAME TO audit`
        assert.deepStrictEqual(
          (yield* keys.list).map(({ name, revokedAt }) => [name, revokedAt]),
          [["kept", undefined]]
        )
        yield* save({ ...rule("new"), integrations: [] })
        const { items } = yield* (yield* AuditLog).list({ limit: 10 })
        assert.deepStrictEqual(
          items.map(({ action, kind, subject }) => [action, kind, subject]),
          [
            ["created", "rule", "new"],
            ["created", "key", id]
          ]
        )
      })
    )
  )

  it.effect(
    "is kept as long as history",
    fixture(
      () =>
        Effect.gen(function* () {
          const { list } = yield* AuditLog
          const author = { actor: "ann", address: "192.0.2.1" }
          yield* Effect.provideService(save({ ...rule("old"), integrations: [] }), CurrentAuthor, author)
          yield* pass("30 hours")
          yield* save({ ...rule("new"), integrations: [] })
          const subjects = Effect.map(list({ limit: 10 }), ({ items }) => items.map(({ subject }) => subject))
          assert.deepStrictEqual(yield* subjects, ["new", "old"])
          const [, old] = (yield* list({ limit: 10 })).items
          assert.deepStrictEqual(old?.author, author)
          yield* pass("20 hours")
          assert.deepStrictEqual(yield* subjects, ["new"])
        }),
      { historyKept: "2 days" }
    )
  )
})
