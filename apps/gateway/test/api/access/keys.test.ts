import { assert, describe, layer } from "@effect/vitest"
import { AuditEntry, Caller, Key, NewKey } from "@tocsin/client"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { eventually } from "../../harness/gate.ts"
import { listOf, Problem } from "../../harness/answers.ts"
import { SharedHarness } from "../../harness/gateway.ts"

const token = "the-operators-t0ken"
const admin = { authorization: `Bearer ${token}` }

const create = Effect.fnUntraced(function* (name: string, fields: object = {}) {
  const harness = yield* SharedHarness
  const answer = yield* harness.request("POST", "/v1/keys", { name, scopes: ["write"], ...fields }, admin)
  assert.strictEqual(answer.status, 201, answer.text)
  return answer.as(NewKey)
})

const statusOf = Effect.fnUntraced(function* (secret: string, path = "/v1/alerts") {
  const harness = yield* SharedHarness
  return (yield* harness.request("GET", path, undefined, { authorization: `Bearer ${secret}` })).status
})

const keys = Effect.gen(function* () {
  return (yield* (yield* SharedHarness).request("GET", "/v1/keys?limit=500", undefined, admin)).as(listOf(Key)).items
})

const audit = Effect.fnUntraced(function* (query: string) {
  const answer = yield* (yield* SharedHarness).request("GET", `/v1/audit?${query}`, undefined, admin)
  assert.strictEqual(answer.status, 200, answer.text)
  return answer.as(listOf(AuditEntry)).items
})

/** Signs in with a key, and returns the cookie. */
const signIn = Effect.fnUntraced(function* (secret: string) {
  const harness = yield* SharedHarness
  const answer = yield* harness.request("POST", "/v1/session", { token: secret })
  const cookie = /tocsin_session=[^;]+/.exec(String(answer.headers["set-cookie"]))?.[0] ?? ""
  return { answer, headers: { cookie } }
})

describe("API keys", () => {
  layer(SharedHarness.layer({ TOCSIN_TOKEN: token }), { excludeTestServices: true })((it) => {
    it.effect("are shown once, and listed with their last use", () =>
      Effect.gen(function* () {
        const { secret, ...key } = yield* create("deploy", { expiresAfter: 3600 })
        assert.match(secret, /^tocsin_[\w-]{43}$/)
        assert.strictEqual(key.state, "active")
        assert.strictEqual(key.createdBy, "TOCSIN_TOKEN")
        assert.strictEqual((key.expiresAt?.epochMilliseconds ?? 0) - key.createdAt.epochMilliseconds, 3_600_000)
        assert.isUndefined(key.lastUsedAt)
        assert.strictEqual(yield* statusOf(secret), 200)
        const listed = yield* eventually(
          "its last use",
          Effect.map(keys, (all) => all.find(({ id }) => id === key.id)),
          (found) => found?.lastUsedAt !== undefined
        )
        assert.strictEqual(listed?.name, "deploy")
        assert.notProperty(listed, "secret")
      })
    )

    it.effect("are accepted as the password of Basic, and named in the log and the audit log", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const { id, secret } = yield* create("rule editor")
        const authorization = `Basic ${Buffer.from(`anyone:${secret}`).toString("base64")}`
        const rule = { id: "by-key", name: "By key", match: {}, integrations: [] }
        assert.strictEqual((yield* harness.request("POST", "/v1/rules", rule, { authorization })).status, 201)
        yield* harness.request("PUT", "/v1/rules/by-key", { ...rule, name: "Renamed" }, { authorization })
        const [replaced, created] = yield* audit("kind=rule&id=by-key")
        assert.deepInclude(replaced, { by: "rule editor", key: id, address: "127.0.0.1", action: "replaced" })
        assert.deepInclude(replaced?.before, { name: "By key" })
        assert.deepInclude(replaced?.after, { name: "Renamed" })
        assert.deepInclude(created, { by: "rule editor", action: "created" })
        assert.include(harness.gateway().printed(), "Rule by-key was created by rule editor at 127.0.0.1.")
        assert.strictEqual(
          (yield* harness.request("DELETE", "/v1/rules/by-key", undefined, { authorization })).status,
          204
        )
        assert.strictEqual((yield* audit("kind=rule&id=by-key"))[0]?.action, "removed")
      })
    )

    it.effect("are refused once they are revoked, and end their sessions", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const { id, secret } = yield* create("laptop", { scopes: ["read"] })
        const { answer, headers } = yield* signIn(secret)
        assert.strictEqual(answer.status, 201)
        assert.deepInclude(answer.as(Caller), { signedInBy: "session", scopes: ["read"], name: "laptop" })
        const own = { ...headers, "content-type": "application/json", origin: harness.gateway().url }
        assert.strictEqual((yield* harness.request("GET", "/v1/alerts", undefined, headers)).status, 200)
        // The session has no more scopes than its key.
        assert.strictEqual((yield* harness.request("POST", "/v1/rules", {}, own)).status, 403)
        assert.strictEqual((yield* harness.request("DELETE", `/v1/keys/${id}`, undefined, admin)).status, 204)
        assert.strictEqual(yield* statusOf(secret), 401)
        assert.strictEqual((yield* harness.request("GET", "/v1/alerts", undefined, headers)).status, 401)
        assert.strictEqual((yield* harness.request("DELETE", `/v1/keys/${id}`, undefined, admin)).status, 404)
        assert.strictEqual((yield* keys).find((key) => key.id === id)?.state, "revoked")
        assert.strictEqual((yield* audit(`kind=key&id=${id}`))[0]?.action, "revoked")
      })
    )

    it.effect("are rotated with an overlap in which both are valid", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const old = yield* create("rotated", { expiresAfter: 7200 })
        const rotate = (id: string, body?: object) => harness.request("POST", `/v1/keys/${id}/rotate`, body, admin)
        const rotated = yield* rotate(old.id)
        assert.strictEqual(rotated.status, 201, rotated.text)
        const next = rotated.as(NewKey)
        assert.deepStrictEqual([next.name, next.scopes], ["rotated", ["write"]])
        assert.strictEqual((next.expiresAt?.epochMilliseconds ?? 0) - next.createdAt.epochMilliseconds, 7_200_000)
        for (const secret of [old.secret, next.secret]) assert.strictEqual(yield* statusOf(secret), 200)
        assert.strictEqual((yield* keys).find(({ id }) => id === old.id)?.replacedBy, next.id)
        assert.strictEqual((yield* rotate(old.id)).status, 409)
        const last = (yield* rotate(next.id, { overlap: 0 })).as(NewKey)
        assert.deepStrictEqual([yield* statusOf(next.secret), yield* statusOf(last.secret)], [401, 200])
        assert.strictEqual((yield* rotate("none")).status, 404)
      })
    )

    it.effect("that only allow posting cannot sign in", () =>
      Effect.gen(function* () {
        const { secret } = yield* create("prometheus", { scopes: ["ingest:prometheus"] })
        assert.strictEqual((yield* signIn(secret)).answer.status, 403)
      })
    )

    it.effect("are not created with an unknown scope", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        for (const [scopes, expected] of [
          [[], "at least one scope"],
          [["all"], "read, write, admin or ingest:NAME"],
          [["ingest:"], "read, write, admin or ingest:NAME"],
          [["ingest:a b"], "read, write, admin or ingest:NAME"]
        ] as const) {
          const refused = yield* harness.request("POST", "/v1/keys", { name: "x", scopes }, admin)
          assert.strictEqual(refused.status, 400)
          assert.include(refused.as(Problem).detail, expected)
        }
      })
    )

    it.effect("appear in no answer but their own, and not in the log, the audit log or the database", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const { secret } = yield* create("canary")
        yield* statusOf(secret)
        yield* signIn(secret)
        yield* keys
        yield* audit("limit=500")
        yield* harness.request("GET", `/v1/none/${secret}`, undefined, admin)
        assert.strictEqual(harness.answers.filter((answer) => answer.includes(secret)).length, 1)
        assert.notInclude(harness.gateway().printed(), secret)
        for (const file of [harness.database, `${harness.database}-wal`]) {
          assert.isFalse(readFileSync(file).includes(secret), file)
        }
      })
    )
  })

  layer(SharedHarness.layer({}), { excludeTestServices: true })((it) => {
    it.effect("limit their callers while no token is set, and let nobody in once they are revoked", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const { id, secret } = yield* create("limited", { scopes: ["read"] })
        assert.deepStrictEqual([yield* statusOf(secret), yield* statusOf(secret, "/v1/keys")], [200, 403])
        assert.strictEqual((yield* harness.request("DELETE", `/v1/keys/${id}`)).status, 204)
        assert.deepStrictEqual([yield* statusOf(secret), yield* statusOf(secret, "/v1/keys")], [401, 401])
        // Any other text is ignored.
        assert.strictEqual(yield* statusOf("another"), 200)
      })
    )
  })
})
