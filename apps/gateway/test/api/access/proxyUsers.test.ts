import { assert, describe, layer } from "@effect/vitest"
import { AuditEntry, Caller } from "@tocsin/client"
import { Effect } from "effect"
import { listOf, Problem } from "../../harness/answers.ts"
import { SharedHarness } from "../../harness/gateway.ts"
import { open } from "../../harness/rawSocket.ts"

const token = "the-operators-t0ken"
const ann = { "x-forwarded-email": "ann@example.com" }
const settings = { TOCSIN_TOKEN: token, TOCSIN_AUTH_HEADER: "X-Forwarded-Email" }

const request = Effect.fnUntraced(function* (
  method: "GET" | "POST" | "DELETE",
  path: string,
  headers: { readonly [name: string]: string },
  body?: unknown
) {
  return yield* (yield* SharedHarness).request(method, path, body, headers)
})

/** The headers of a page of the gateway. */
const own = Effect.map(SharedHarness, (harness) => ({
  ...ann,
  origin: harness.gateway().url,
  "content-type": "application/json"
}))

const rule = { id: "of-ann", name: "Of Ann", match: {}, integrations: [] }

describe("A user that a trusted proxy signed in", () => {
  layer(SharedHarness.layer({ ...settings, TOCSIN_TRUSTED_PROXIES: "127.0.0.1" }), { excludeTestServices: true })(
    (it) => {
      it.effect("looks, and changes nothing, unless TOCSIN_AUTH_SCOPE allows more", () =>
        Effect.gen(function* () {
          assert.strictEqual((yield* request("GET", "/v1/alerts", ann)).status, 200)
          const refused = yield* request("POST", "/v1/rules", yield* own, rule)
          assert.strictEqual(refused.status, 403)
          assert.include(refused.as(Problem).detail, "the scope write")
          const caller = (yield* request("GET", "/v1/session", ann)).as(Caller)
          assert.deepInclude(caller, { signedInBy: "proxy", name: "ann@example.com", scopes: ["read"] })
        })
      )

      it.effect("is nobody if the header is there twice, and may have any name", () =>
        Effect.gen(function* () {
          const { url } = (yield* SharedHarness).gateway()
          const callerNamed = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
            const socket = yield* open(url)
            const headers = names.map((name) => `X-Forwarded-Email: ${Buffer.from(name).toString("latin1")}\r\n`)
            socket.say(`GET /v1/session HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers.join("")}\r\n`)
            return Buffer.from(yield* socket.closed, "latin1").toString()
          }, Effect.scoped)
          assert.include(yield* callerNamed(["Jörg"]), '"name":"Jörg"')
          assert.notInclude(yield* callerNamed(["eve@example.com", "ann@example.com"]), "signedInBy")
        })
      )

      it.effect("is nobody without the header, or with a wrong token beside it", () =>
        Effect.gen(function* () {
          assert.strictEqual((yield* request("GET", "/v1/alerts", {})).status, 401)
          assert.strictEqual((yield* request("GET", "/v1/alerts", { "x-forwarded-email": " " })).status, 401)
          const wrong = { ...ann, authorization: "Bearer another" }
          assert.strictEqual((yield* request("GET", "/v1/alerts", wrong)).status, 401)
          assert.isUndefined((yield* request("GET", "/v1/session", {})).as(Caller).signedInBy)
        })
      )
    }
  )

  layer(SharedHarness.layer({ ...settings, TOCSIN_TRUSTED_PROXIES: "127.0.0.1", TOCSIN_AUTH_SCOPE: "admin" }), {
    excludeTestServices: true
  })((it) => {
    it.effect("is named in the audit log, with the address that the proxy states", () =>
      Effect.gen(function* () {
        const headers = { ...(yield* own), "x-forwarded-for": "198.51.100.7" }
        assert.strictEqual((yield* request("POST", "/v1/rules", headers, rule)).status, 201)
        const { items } = (yield* request("GET", "/v1/audit", ann)).as(listOf(AuditEntry))
        assert.deepInclude(items[0], {
          by: "ann@example.com",
          address: "198.51.100.7",
          action: "created",
          id: "of-ann"
        })
      })
    )

    it.effect("changes nothing from a page of another site", () =>
      Effect.gen(function* () {
        const foreign = { ...(yield* own), origin: "https://evil.example" }
        assert.strictEqual((yield* request("POST", "/v1/rules", foreign, { ...rule, id: "foreign" })).status, 403)
      })
    )
  })

  layer(SharedHarness.layer({ ...settings, TOCSIN_TRUSTED_PROXIES: "192.0.2.1" }), { excludeTestServices: true })(
    (it) => {
      it.effect("is not believed from any other address, whatever X-Forwarded-For states", () =>
        Effect.gen(function* () {
          const headers = { ...ann, "x-forwarded-for": "192.0.2.1" }
          assert.strictEqual((yield* request("GET", "/v1/alerts", headers)).status, 401)
        })
      )
    }
  )
})
