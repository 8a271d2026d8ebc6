import { assert, describe, it, layer } from "@effect/vitest"
import { Caller, Session } from "@tocsin/client"
import { Effect, Schedule, Schema } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { listOf, Problem } from "../harness/answers.ts"
import { makeInProcess, SharedHarness, type Harness } from "../harness/gateway.ts"

const token = "the-operators-t0ken"

/** The headers of the gateway's own page. */
const ownPage = { "sec-fetch-site": "same-origin", "content-type": "application/json" }

const Times = Schema.Struct({ session: Schema.Struct({ createdAt: Schema.String, expiresAt: Schema.String }) })

const signIn = (harness: Harness, headers: { readonly [name: string]: string } = {}) =>
  harness.request("POST", "/v1/session", { token }, headers)

/** The cookie of a response, as a browser sends it back. */
const cookieOf = ({ headers }: { readonly headers: { readonly [name: string]: string | undefined } }) => ({
  cookie: (headers["set-cookie"] ?? "").split(";")[0] ?? ""
})

describe("A session", () => {
  layer(SharedHarness.layer({ TOCSIN_TOKEN: token, TOCSIN_TRUSTED_PROXIES: "127.0.0.0/8" }), {
    excludeTestServices: true
  })((it) => {
    it.effect("is created for the token, in a cookie that scripts cannot read, and may read everything", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const signedIn = yield* signIn(harness, { ...ownPage, "user-agent": "Firefox" })
        assert.strictEqual(signedIn.status, 201)
        const { session, ...caller } = signedIn.as(Caller)
        assert.deepInclude(caller, { signInRequired: true, signedInBy: "session", scopes: ["admin"], isSecure: false })
        assert.strictEqual(session?.browser, "Firefox")
        const { createdAt, expiresAt } = signedIn.as(Times).session
        assert.strictEqual(Date.parse(expiresAt) - Date.parse(createdAt), 12 * 60 * 60 * 1000)
        const set = signedIn.headers["set-cookie"] ?? ""
        assert.match(set, /^tocsin_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/)
        assert.notInclude(signedIn.text, set.slice("tocsin_session=".length, 50))
        const cookie = cookieOf(signedIn)
        assert.strictEqual((yield* harness.request("GET", "/v1/alerts", undefined, cookie)).status, 200)
        const me = (yield* harness.request("GET", "/v1/session", undefined, cookie)).as(Caller)
        assert.strictEqual(me.session?.id, session?.id)
        assert.isString(me.version)
        // Only a hash of it is stored.
        const stored = readdirSync(dirname(harness.database))
          .map((name) => readFileSync(join(dirname(harness.database), name), "latin1"))
          .join("\n")
        assert.include(stored, session?.id ?? "none")
        assert.notInclude(stored, cookie.cookie.slice("tocsin_session=".length))
        assert.notInclude(stored, token)
      })
    )

    it.effect("has a Secure cookie where a trusted proxy ends TLS", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const signedIn = yield* signIn(harness, { "x-forwarded-for": "198.51.100.1", "x-forwarded-proto": "https" })
        assert.match(signedIn.headers["set-cookie"] ?? "", /; Secure/)
        assert.isTrue(signedIn.as(Caller).isSecure)
      })
    )

    it.effect("allows changes only as JSON from the gateway's own pages", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const cookie = cookieOf(yield* signIn(harness))
        const host = new URL(harness.gateway().url).host
        const rule = { name: "none", match: {}, integrations: [] }
        const post = (headers: { readonly [name: string]: string }) =>
          Effect.map(
            harness.request("POST", "/v1/rules/preview", rule, { ...cookie, ...headers }),
            ({ status }) => status
          )
        assert.strictEqual(yield* post(ownPage), 200)
        assert.strictEqual(yield* post({ origin: `http://${host}` }), 200)
        assert.strictEqual(yield* post({}), 403)
        for (const site of ["cross-site", "same-site", "none"]) {
          assert.strictEqual(yield* post({ "sec-fetch-site": site, origin: `http://${host}` }), 403, site)
        }
        for (const origin of ["https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", ""]) {
          assert.strictEqual(yield* post({ origin }), 403, origin)
        }
        const remove = (headers: { readonly [name: string]: string }) =>
          Effect.map(
            harness.request("DELETE", "/v1/rules/none", undefined, { ...cookie, ...headers }),
            ({ status }) => status
          )
        assert.strictEqual(yield* remove({ "sec-fetch-site": "same-origin" }), 403)
        assert.strictEqual(yield* remove(ownPage), 404)
        // The token itself is not bound to pages.
        const bearer = { authorization: `Bearer ${token}`, "sec-fetch-site": "cross-site" }
        assert.strictEqual(yield* post(bearer), 200)
      })
    )

    it.effect("ends by signing out or by revocation; other sessions continue", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const [first, second, third] = [yield* signIn(harness), yield* signIn(harness), yield* signIn(harness)]
        const reads = (signedIn: typeof first) =>
          Effect.map(harness.request("GET", "/v1/alerts", undefined, cookieOf(signedIn)), ({ status }) => status)
        const sessions = Effect.map(harness.request("GET", "/v1/sessions", undefined, cookieOf(third)), ({ as }) =>
          as(listOf(Session))
        )
        const ids = [first, second, third].map(({ as }) => as(Caller).session?.id)
        const { items } = yield* sessions
        assert.deepStrictEqual(
          items.slice(0, 3).map(({ id, isCurrent }) => [id, isCurrent]),
          [
            [ids[2], true],
            [ids[1], false],
            [ids[0], false]
          ]
        )
        const out = yield* harness.request("DELETE", "/v1/session", undefined, { ...cookieOf(first), ...ownPage })
        assert.strictEqual(out.status, 204)
        assert.match(out.headers["set-cookie"] ?? "", /^tocsin_session=; .*Max-Age=0/)
        assert.strictEqual(yield* reads(first), 401)
        const revoke = harness.request("DELETE", `/v1/sessions/${ids[1]}`, undefined, {
          ...cookieOf(third),
          ...ownPage
        })
        assert.strictEqual((yield* revoke).status, 204)
        assert.strictEqual((yield* revoke).status, 404)
        assert.strictEqual(yield* reads(second), 401)
        assert.strictEqual(yield* reads(third), 200)
        assert.notIncludeMembers(
          (yield* sessions).items.map(({ id }) => id),
          [ids[0] ?? "", ids[1] ?? ""]
        )
        // A page that still has the cookie learns that it must sign in, and is not taken for one that guesses.
        for (let n = 0; n < 8; n++) {
          const { as, headers, status } = yield* harness.request("GET", "/v1/session", undefined, cookieOf(second))
          assert.strictEqual(status, 200)
          assert.deepStrictEqual(as(Caller), { signInRequired: true, scopes: [], isSecure: false })
          assert.match(headers["set-cookie"] ?? "", /Max-Age=0/)
        }
      })
    )

    it.effect(
      "is not created for a wrong token or a page of another origin, and guessing its secret is throttled",
      () =>
        Effect.gen(function* () {
          const harness = yield* SharedHarness
          const from = (last: number) => ({ "x-forwarded-for": `203.0.113.${last}` })
          const wrong = yield* harness.request("POST", "/v1/session", { token: "another" }, from(1))
          assert.strictEqual(wrong.status, 401)
          assert.notInclude(wrong.text, "another")
          assert.strictEqual((yield* signIn(harness, { "sec-fetch-site": "cross-site" })).status, 403)
          assert.strictEqual((yield* signIn(harness, { origin: "https://evil.example" })).status, 403)
          /** The first refusal of eight that try at once, again and again. */
          const refusal = (path: string, body: unknown, headers: { readonly [name: string]: string }) =>
            Effect.raceAll(
              Array.from({ length: 8 }, () =>
                harness
                  .request(body === undefined ? "GET" : "POST", path, body, headers)
                  .pipe(
                    Effect.repeat({ until: ({ status }) => status === 429, schedule: Schedule.spaced("20 millis") })
                  )
              )
            )
          for (const [path, body, headers] of [
            ["/v1/session", { token: "another" }, from(2)],
            ["/v1/session", undefined, { ...from(3), cookie: "tocsin_session=guess" }],
            ["/v1/alerts", undefined, { ...from(4), cookie: "tocsin_session=guess" }]
          ] as const) {
            const throttled = yield* refusal(path, body, headers)
            assert.strictEqual(throttled.as(Problem).status, 429)
            assert.isAtLeast(Number(throttled.headers["retry-after"]), 1)
          }
          // Whoever knows the token is not held up by others.
          assert.strictEqual((yield* signIn(harness, from(2))).status, 201)
        })
    )
  })

  it.live("is not needed without a token", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess()
      const me = (yield* harness.request("GET", "/v1/session")).as(Caller)
      assert.deepInclude(me, { signInRequired: false, signedInBy: "thisMachine", scopes: ["admin"] })
      const elsewhere = (yield* harness.request("GET", "/v1/session", undefined, { host: "evil.example" })).as(Caller)
      assert.deepStrictEqual(elsewhere, { signInRequired: false, scopes: [], isSecure: false })
      assert.strictEqual((yield* signIn(harness)).status, 409)
    })
  )

  it.live("survives a restart, and ends when the token changes", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess({ TOCSIN_TOKEN: token })
      const cookie = cookieOf(yield* signIn(harness))
      const reads = Effect.map(harness.request("GET", "/v1/alerts", undefined, cookie), ({ status }) => status)
      yield* harness.gateway().stop("SIGTERM")
      yield* harness.start
      assert.strictEqual(yield* reads, 200)
      yield* harness.gateway().stop("SIGTERM")
      yield* harness.startWith({ TOCSIN_TOKEN: "another-operators-t0ken" })
      assert.strictEqual(yield* reads, 401)
    })
  )
})
