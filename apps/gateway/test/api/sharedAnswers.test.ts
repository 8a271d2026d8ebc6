import { assert, describe, it, layer } from "@effect/vitest"
import { Caller, NewKey } from "@tocsin/client"
import { Changes } from "@tocsin/delivery"
import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { makeSharedAnswers, mayBeShared } from "../../src/api/console/sharedAnswers.ts"
import { SharedHarness } from "../harness/gateway.ts"

const list = "/v1/alerts?limit=100"

const token = "the-operators-t0ken"

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })

/** How often lists were read, and a reader of them. */
const make = Effect.gen(function* () {
  const state = { reads: 0, position: "run.1", status: 200 }
  const shared = yield* Effect.provideService(
    makeSharedAnswers,
    Changes,
    Changes.of({
      changed: () => Effect.void,
      allChanged: () => Effect.void,
      position: Effect.sync(() => state.position),
      after: () => Effect.never
    })
  )
  const answer = Effect.suspend(() =>
    Effect.andThen(
      Effect.yieldNow,
      Effect.succeed(HttpServerResponse.text(`read ${++state.reads}`, { status: state.status }))
    )
  )
  return { state, read: (url: string) => shared(url, answer) as Effect.Effect<HttpServerResponse.HttpServerResponse> }
})

const textOf = (response: HttpServerResponse.HttpServerResponse | undefined) =>
  Effect.promise(async () => (response === undefined ? "" : HttpServerResponse.toWeb(response).text()))

describe("Answers that readers share", () => {
  it.effect("are read once a second for all readers", () =>
    Effect.gen(function* () {
      const { read, state } = yield* make
      const answers = yield* Effect.forEach([1, 2, 3], () => read(list), { concurrency: 3 })
      assert.strictEqual(state.reads, 1)
      assert.strictEqual(answers[0], answers[2])
      assert.strictEqual(yield* textOf(answers[2]), "read 1")
      yield* read("/v1/alerts?limit=50")
      assert.strictEqual(state.reads, 2)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* textOf(yield* read(list)), "read 3")
    })
  )

  it.effect("are read again after each batch of changes", () =>
    Effect.gen(function* () {
      const { read, state } = yield* make
      yield* read(list)
      state.position = "run.2"
      yield* read(list)
      assert.strictEqual(state.reads, 2)
    })
  )

  it.effect("are not kept unless they are of 200", () =>
    Effect.gen(function* () {
      const { read, state } = yield* make
      state.status = 503
      yield* read(list)
      state.status = 200
      assert.strictEqual((yield* read(list)).status, 200)
      assert.strictEqual(state.reads, 2)
    })
  )

  it.each([
    ["max-age=1", list, true],
    ["max-age=60", "/v1/alerts", true],
    [undefined, list, false],
    ["max-age=0", list, false],
    ["no-cache", list, false],
    ["max-age=x", list, false],
    ["max-age=1", "/v1/alerts/a", false],
    ["max-age=1", "/v1/alertsx?limit=100", false],
    ["max-age=1", "/v1/session", false]
  ] as const)("are for readers that allow it, of lists: %s %s", (cacheControl, url, isShared) => {
    const headers = cacheControl === undefined ? {} : { "cache-control": cacheControl }
    const request = HttpServerRequest.fromWeb(new Request(`http://gateway${url}`, { headers }))
    assert.strictEqual(mayBeShared(request), isShared)
  })

  layer(SharedHarness.layer({ TOCSIN_TOKEN: token }), { excludeTestServices: true })((it) => {
    it.effect("are what the API answers, and only for callers who may read it", () =>
      Effect.gen(function* () {
        const { request } = yield* SharedHarness
        const alert = { source: "shared", state: "raised", startedAt: "2026-01-15T02:00:00Z", rule: { name: "é <b>" } }
        yield* request("POST", "/v1/alerts", { ...alert, id: "1" }, bearer(token))
        const read = (headers: { readonly [name: string]: string }) =>
          request("GET", list, undefined, { ...headers, "cache-control": "max-age=1" })
        const key = (scope: string) =>
          Effect.map(request("POST", "/v1/keys", { name: scope, scopes: [scope] }, bearer(token)), ({ as }) =>
            as(NewKey)
          )
        const reader = yield* key("read")
        const sender = yield* key("ingest:shared")
        const signedIn = yield* request("POST", "/v1/session", { token })
        const cookie = (signedIn.headers["set-cookie"] ?? "").split(";")[0] ?? ""

        const { date: _, ...expected } = (yield* request("GET", list, undefined, bearer(token))).headers
        const { text } = yield* read(bearer(token))
        assert.include(text, "é <b>")
        const allowed = [bearer(token), bearer(reader.secret), { cookie }]
        for (const headers of allowed) {
          const answer = yield* read(headers)
          assert.strictEqual(answer.status, 200)
          assert.strictEqual(answer.text, text)
          const { date: __, ...sent } = answer.headers
          assert.deepStrictEqual(sent, expected)
        }
        yield* request("DELETE", `/v1/keys/${reader.id}`, undefined, bearer(token))
        yield* request("DELETE", `/v1/sessions/${signedIn.as(Caller).session?.id}`, undefined, bearer(token))
        const refused = [
          [401, {}],
          [401, bearer("wrong")],
          [401, bearer(reader.secret)],
          [401, { cookie }],
          [403, bearer(sender.secret)]
        ] as const
        yield* read(bearer(token))
        for (const [status, headers] of refused) assert.strictEqual((yield* read(headers)).status, status)
      })
    )
  })
})
