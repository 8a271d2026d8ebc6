import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, layer } from "@effect/vitest"
import { Api } from "@tocsin/client"
import { AlertId, AlertRuleId, IntegrationId } from "@tocsin/core"
import { Effect, Layer } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { SharedHarness } from "../harness/gateway.ts"

const token = "0ur-0wn-l0ng-t0ken"

const client = Effect.fnUntraced(function* (token: string) {
  return yield* HttpApiClient.make(Api, {
    baseUrl: (yield* SharedHarness).gateway().url,
    transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken(token))
  })
})

describe("The typed client", () => {
  const harness = Layer.merge(SharedHarness.layer({ TOCSIN_TOKEN: token }), NodeHttpClient.layerUndici)
  layer(harness, { excludeTestServices: true })((it) => {
    it.effect("saves an integration and a rule that it read and edited", () =>
      Effect.gen(function* () {
        const { slackUrl } = yield* SharedHarness
        const api = yield* client(token)
        const id = IntegrationId.make("ops")
        const made = yield* api.integrations.create({
          payload: {
            id,
            name: "Ops",
            type: "slack",
            settings: { url: `${slackUrl}/services/T0/B0/ops` },
            limits: { messages: 30, perSeconds: 60, burst: 5 },
            delivery: { timeout: 5 }
          }
        })
        assert.deepStrictEqual(made.body.secretsSet, ["/url"])
        assert.deepStrictEqual(
          (yield* api.integrations.test({ params: { id }, payload: {} })).items.map(({ status }) => status),
          ["delivered", "delivered"]
        )
        const { body, headers } = yield* api.integrations.get({ params: { id } })
        assert.isDefined(body.lastSuccessAt)
        const renamed = yield* api.integrations.replace({
          params: { id },
          // As it reads when it is broken.
          payload: { ...body, name: "Operations", broken: { reason: "Unauthorized", since: body.createdAt } },
          headers: { "if-match": headers.etag }
        })
        assert.strictEqual(renamed.body.name, "Operations")
        assert.deepStrictEqual(renamed.body.limits, body.limits)

        const rule = yield* api.rules.create({
          payload: { id: AlertRuleId.make("grave"), name: "Grave", match: { severity: "major" }, integrations: [id] }
        })
        const read = yield* api.rules.get({ params: { id: rule.body.id } })
        const edited = yield* api.rules.replace({
          params: { id: rule.body.id },
          payload: { ...read.body, name: "A" },
          headers: { "if-match": read.headers.etag }
        })
        assert.strictEqual(edited.body.name, "A")
        const { items, total } = yield* api.rules.list({ query: { limit: 1, integration: id } })
        assert.deepStrictEqual([total, items], [1, [edited.body]])
      })
    )

    it.effect("has typed errors with pointers", () =>
      Effect.gen(function* () {
        const api = yield* client(token)
        const id = AlertRuleId.make("guarded")
        const payload = { id, name: "Guarded", match: {}, integrations: [] }
        yield* api.rules.create({ payload })
        assert.strictEqual((yield* Effect.flip(api.rules.create({ payload })))._tag, "Conflict")
        const stale = api.rules.replace({ params: { id }, payload, headers: { "if-match": '"1"' } })
        assert.strictEqual((yield* Effect.flip(stale))._tag, "PreconditionFailed")
        const nobody = {
          payload: { ...payload, integrations: [IntegrationId.make("none")] },
          params: { id },
          headers: {}
        }
        assert.strictEqual((yield* Effect.flip(api.rules.replace(nobody)))._tag, "InvalidRequest")
        const missing = yield* Effect.flip(api.alerts.get({ params: { id: AlertId.make("none") } }))
        if (missing._tag !== "NotFound") return assert.fail(missing._tag)
        assert.strictEqual(missing.detail, "There is no alert of this id: GET /v1/alerts lists them")
        const stranger = yield* client("wrong")
        assert.strictEqual((yield* Effect.flip(stranger.plugins.list()))._tag, "Unauthorized")
      })
    )
  })
})
