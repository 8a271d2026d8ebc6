import { assert, describe, layer } from "@effect/vitest"
import { Taken } from "@tocsin/client"
import { Effect } from "effect"
import { listOf, Problem, UnreadableBody } from "../harness/answers.ts"
import { send } from "../harness/raw.ts"
import { SharedHarness } from "../harness/gateway.ts"

describe("An unreadable body", () => {
  const token = "0ur-0wn-l0ng-t0ken"
  const canary = "c4n4ry"
  const deep = `${"[".repeat(33)}${"]".repeat(33)}`

  layer(SharedHarness.layer({ TOCSIN_TOKEN: token }), { excludeTestServices: true })((it) => {
    const headers = { authorization: `Bearer ${token}` }
    const keep = Effect.fnUntraced(function* (wanted: number, body: string | Uint8Array) {
      const harness = yield* SharedHarness
      const { status, text } = yield* send(harness.gateway().url, {
        method: "POST",
        path: "/v1/sources/thousandeyes",
        headers,
        body
      })
      assert.strictEqual(status, wanted, text)
      assert.notInclude(text, canary)
      const list = yield* harness.request("GET", "/v1/sources/unreadable?limit=1", undefined, headers)
      return list.as(listOf(UnreadableBody)).items[0]
    })

    it.effect.each([
      `{"x": "${token}", "kept": 1}`,
      `{"url": "https://user:${canary}@example.com/kept"}`,
      String.raw`{"url": "https:\/\/${canary}@example.com\/kept"}`,
      `{"url": "https://example.com/kept?a=1&auth_token=${canary}&b=kept"}`,
      `{"url": "https://example.com/kept?a=1&amp;API_KEY=${canary}"}`,
      ...["token", "Password", "client_secret", "authorization", "api_key", "apikey", "auth_token", "access_token"].map(
        (name) => `{"${name}": "${canary}", "kept": 1}`
      ),
      `{"accessToken": "\\"${canary}", "kept": 1}`,
      `{"routing_key": ${canary}, "kept": 1}`,
      `{"secret": {"a": ["}", {"b": "${canary}"}]}, "kept": 1}`,
      `{"secrets": ["x", "${canary}"], "kept": 1}`,
      String.raw`{"text": "{\"token\": \"a\\\"${canary}\", \"kept\": 1}"}`,
      `{"header": "Bearer ${canary}.x-y_z", "kept": 1}`,
      `{"headers": ["kept", "basic ${canary}=="]}`,
      `Authorization: Digest ${canary}\nkept: 1`,
      `kept=1&password=${canary}`,
      `kept=1&password%3D${canary}`,
      `{"url": "https://hooks.slack.com/services/T0/B0/${canary}", "kept": 1}`,
      String.raw`{"url": "https:\/\/hooks.slack.com\/services\/T0\/B0\/${canary}", "kept": 1}`,
      `{"url": "https://discord.com/api/webhooks/1/${canary}", "kept": 1}`,
      `{"url": "https://acme.webhook.office.com/webhookb2/1@2/${canary}", "kept": 1}`,
      `{"url": "https://prod.logic.azure.com/workflows/1?sp=kept&sig=${canary}"}`,
      `{"url": "https://chat.googleapis.com/v1/spaces/kept/messages?key=${canary}"}`,
      `{"text": "xoxb-1-${canary}", "kept": 1}`,
      `{"text": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${canary}", "kept": 1}`,
      ...["auth", "pwd", "Cookie", "X-Signature"].map((name) => `{"${name}": "${canary}", "kept": 1}`),
      `{"kept": 1, "token": "${canary}`,
      `{"kept": 1, "token": {"a": "${canary}`
    ])("has no credential in it: %s", (body) =>
      Effect.gen(function* () {
        const item = yield* keep(body.startsWith("{") && isJson(body) ? 200 : 400, body)
        assert.notInclude(item?.body, canary)
        assert.notInclude(item?.body, token)
        assert.include(item?.body, "<redacted>")
        assert.include(item?.body, "kept")
        assert.strictEqual(item?.source, "thousandeyes")
        assert.isAtLeast(item?.receivedAt.epochMilliseconds ?? 0, Date.UTC(2025, 0))
      })
    )

    it.effect("is kept whole but for secrets, with the reason", () =>
      Effect.gen(function* () {
        const nested = yield* keep(400, deep)
        assert.strictEqual(nested?.body, deep)
        assert.include(nested?.why, "nested more than 32 levels")
        const notUtf8 = yield* keep(400, Buffer.from([0x22, 0xff, 0x00, 0x22]))
        assert.strictEqual(notUtf8?.body, '"\uFFFD\uFFFD"')
        assert.include(notUtf8?.why, "byte 1 ")
        const long = yield* keep(400, "x".repeat(70_000))
        assert.strictEqual(long?.body, `${"x".repeat(65_535)}…`)
      })
    )

    it.effect("is only a reason where nothing of the body was read", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        for (const [status, more, why] of [
          [415, { "content-encoding": "gzip" }, "without a Content-Encoding"],
          [415, { "content-type": "application/json; charset=utf-16" }, "in UTF-8"],
          [413, { "content-length": "4194305" }, "4194304 bytes"]
        ] as const) {
          const body = status === 413 ? Buffer.alloc(4_194_305, " ") : "{}"
          const path = "/v1/sources/thousandeyes"
          const answer = yield* send(harness.gateway().url, {
            method: "POST",
            path,
            headers: { ...headers, ...more },
            body
          })
          assert.strictEqual(answer.status, status)
          const list = yield* harness.request("GET", "/v1/sources/unreadable?limit=1", undefined, headers)
          const [item] = list.as(listOf(UnreadableBody)).items
          assert.include(item?.why, why)
          assert.strictEqual(item?.body, "")
          assert.isFalse(item?.isWhole)
        }
      })
    )

    it.effect("stays when it is replayed and still cannot be read, with the reason in the answer", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const replay = Effect.fnUntraced(function* (wanted: number, body: string | Uint8Array) {
          const item = yield* keep(wanted, body)
          const path = `/v1/sources/unreadable/${item?.id}/replay`
          const answer = yield* harness.request("POST", path, undefined, headers)
          const { items } = (yield* harness.request("GET", "/v1/sources/unreadable?limit=1", undefined, headers)).as(
            listOf(UnreadableBody)
          )
          assert.strictEqual(items[0]?.id, item?.id)
          return answer
        })
        const unknown = yield* replay(200, `{"eventType": "NEW_ONE"}`)
        assert.strictEqual(unknown.status, 200)
        assert.include(unknown.as(Taken).why, "/eventType: Expected")
        const notJson = yield* replay(400, "{")
        assert.strictEqual(notJson.status, 409)
        assert.include(notJson.as(Problem).detail, "line 1, column 2 (position 1). It stays")
        const notUtf8 = yield* replay(400, Buffer.from(`{"eventType": "\xff"}`, "latin1"))
        assert.strictEqual(notUtf8.status, 409)
        assert.include(notUtf8.as(Problem).detail, "not all was UTF-8")
        const none = yield* harness.request("POST", "/v1/sources/unreadable/none/replay", undefined, headers)
        assert.include(none.as(Problem).detail, "GET /v1/sources/unreadable lists them")
      })
    )

    it.effect("takes linear time to redact, however many credentials it seems to contain", () =>
      Effect.gen(function* () {
        for (const part of [
          "token",
          "token=",
          "\\",
          '"token":{',
          '\\"token\\":\\"',
          "://",
          "Bearer ",
          " ",
          "eyJaaaaaaaa.",
          "xoxb-",
          "auth"
        ]) {
          yield* keep(400, part.repeat(4_000_000 / part.length))
        }
      })
    )
  })
})

const isJson = (text: string) => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
