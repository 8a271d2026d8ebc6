import { assert, describe, layer } from "@effect/vitest"
import { NewKey } from "@tocsin/client"
import { Effect, Schema } from "effect"
import { Problem } from "../../harness/answers.ts"
import { SharedHarness } from "../../harness/gateway.ts"

const token = "the-operators-t0ken"
const admin = { authorization: `Bearer ${token}` }

const Operation = Schema.Struct({
  security: Schema.optionalKey(Schema.Array(Schema.Record(Schema.String, Schema.Array(Schema.String)))),
  description: Schema.optionalKey(Schema.String)
})

const Document = Schema.Struct({ paths: Schema.Record(Schema.String, Schema.Record(Schema.String, Operation)) })

/** The routes that need no key: they show nothing, or read a credential of their own. */
const open = [
  "delete /v1/session",
  "get /digests/{key}",
  "get /healthz",
  "get /livez",
  "get /readyz",
  "get /v1/session",
  "post /v1/session",
  "post /v1/sources/{name}/in/{urlToken}",
  "post /v2/enqueue"
]

const operations = Effect.gen(function* () {
  const { paths } = (yield* (yield* SharedHarness).request("GET", "/openapi.json")).as(Document)
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { description = "", security = [] }]) => ({
      route: `${method} ${path}`,
      method: Schema.decodeUnknownSync(Schema.Literals(["GET", "POST", "PUT", "DELETE"]))(method.toUpperCase()),
      path: path.replaceAll(/\{\w+\}/g, "none"),
      roles: new Set(security.flatMap((requirement) => Object.values(requirement).flat())),
      description
    }))
  )
})

/** The scopes that include each role of the document. */
const including: { readonly [role: string]: ReadonlyArray<string> } = {
  read: ["read", "write", "admin"],
  write: ["write", "admin"],
  admin: ["admin"],
  "ingest:NAME": ["ingest"]
}

const newKey = Effect.fnUntraced(function* (scopes: ReadonlyArray<string>) {
  const harness = yield* SharedHarness
  const answer = yield* harness.request("POST", "/v1/keys", { name: `key with ${scopes.join()}`, scopes }, admin)
  assert.strictEqual(answer.status, 201, answer.text)
  return answer.as(NewKey)
})

describe("Scopes", () => {
  layer(SharedHarness.layer({ TOCSIN_TOKEN: token }), { excludeTestServices: true })((it) => {
    it.effect("are stated for every route of the OpenAPI document that needs a key", () =>
      Effect.gen(function* () {
        const all = yield* operations
        assert.deepStrictEqual(all.flatMap(({ roles, route }) => (roles.size === 0 ? [route] : [])).toSorted(), open)
        for (const { description, roles, route } of all) {
          for (const role of roles) assert.include(description, role, route)
        }
      })
    )

    it.effect.each([
      ["read", ["read"]],
      ["write", ["write"]],
      ["admin", ["admin"]],
      ["ingest", ["ingest:none", "ingest:prometheus"]]
    ] as const)("a key with %s may use the routes of its scope and no other", ([scope, scopes]) =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const { secret } = yield* newKey(scopes)
        const headers = { authorization: `Bearer ${secret}` }
        for (const { method, path, roles, route } of yield* operations) {
          if (roles.size === 0) continue
          const isAllowed = [...roles].some((role) => including[role]?.includes(scope))
          // A stream of events has no end; its own test reads it.
          if (isAllowed && path === "/v1/events") continue
          const body = method === "POST" || method === "PUT" ? {} : undefined
          const answer = yield* harness.request(method, path, body, headers)
          if (isAllowed) {
            assert.notInclude([401, 403], answer.status, `${route}: ${answer.text}`)
            continue
          }
          assert.strictEqual(answer.status, 403, route)
          const { detail = "" } = answer.as(Problem)
          assert.isTrue(
            [...roles].every((role) => detail.includes(role)),
            `${route}: ${detail}`
          )
        }
      })
    )

    it.effect("a key for one source may not post to another", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const { secret } = yield* newKey(["ingest:disk-check"])
        const alert = (source: string) => ({
          source,
          id: "db-1",
          state: "raised",
          startedAt: "2026-01-15T02:00:00Z",
          rule: { name: "Disk almost full" }
        })
        const post = (path: string, body: unknown) =>
          harness.request("POST", path, body, { authorization: `Bearer ${secret}` })
        assert.strictEqual((yield* post("/v1/alerts", alert("disk-check"))).status, 202)
        for (const [path, body] of [
          ["/v1/alerts", alert("other")],
          ["/v1/alerts", [alert("disk-check"), alert("other")]],
          ["/v1/sources/grafana", {}],
          ["/api/v2/alerts", []]
        ] as const) {
          const refused = yield* post(path, body)
          assert.strictEqual(refused.status, 403, path)
          assert.include(refused.as(Problem).detail, "ingest:")
        }
        const page = { event_action: "trigger", routing_key: secret, payload: { summary: "down" } }
        assert.strictEqual((yield* post("/v2/enqueue", page)).status, 403)
      })
    )
  })
})
