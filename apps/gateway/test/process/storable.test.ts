import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Accepted, AlertDetails, Delivery } from "../harness/answers.ts"
import { eventually } from "../harness/gate.ts"
import { postgres } from "../harness/postgres.ts"
import { alert } from "../harness/posting.ts"
import { makeInProcess } from "../harness/gateway.ts"

/** As a request says it, and as everyone is told it. */
const escapes = String.raw`a\ud800b\udc00c\u0000d\ud83d\ude00e\\u0000f\ud83d`
const text = "a\uFFFDb\uFFFDc\uFFFDd😀e\\u0000f\uFFFD"
const odd = (body: unknown) => JSON.stringify(body).replaceAll("@", escapes)

describe("Halves of surrogate pairs and NUL", () => {
  it.live.each([
    ["SQLite", Effect.succeed({})],
    [
      "PostgreSQL",
      Effect.map(postgres, ({ url }) => ({
        TOCSIN_DATABASE_URL: url("postgres"),
        TOCSIN_KEY: Buffer.alloc(32).toString("base64")
      }))
    ]
  ] as const)("become U+FFFD wherever a request has them: %s", ([, settings]) =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess(yield* settings)
      const ask = Effect.fnUntraced(function* (wanted: number, ...request: Parameters<typeof harness.request>) {
        const answer = yield* harness.request(...request)
        assert.strictEqual(answer.status, wanted, `${request.slice(0, 2).join(" ")}: ${answer.text}`)
        return answer
      })
      const channels = yield* harness.channels("odd", { match: { source: "odd" } })

      const body = odd(alert("odd", { id: "@", eventId: "@", summary: "@", rule: { name: "@" }, labels: { "@": "@" } }))
      const [taken] = (yield* ask(202, "POST", "/v1/alerts", body)).as(Accepted).items
      const path = `/v1/alerts/${taken?.id}`
      const [received] = yield* channels.received(1)
      assert.include(received?.slack.shown, text)
      assert.include(received?.hipChat.shown, text)
      const raised = (yield* ask(200, "GET", path)).as(AlertDetails)
      assert.strictEqual(raised.sourceId, text)
      assert.strictEqual(raised.rule.name, text)
      assert.deepStrictEqual(raised.labels, { [text]: text })

      const authorization = `Basic ${Buffer.from("an\0n:x").toString("base64")}`
      const again = `/v1/deliveries/${raised.deliveries[0]?.id}/redeliver`
      const made = (yield* ask(200, "POST", again, odd({ reason: "@" }), { authorization })).as(Delivery)
      assert.strictEqual(made.transitions[0]?.cause, `delivered again, asked for by an\uFFFDn at 127.0.0.1: ${text}`)
      const now = Effect.map(ask(200, "GET", `/v1/deliveries/${made.id}`), ({ as }) => as(Delivery).status)
      yield* eventually("the redelivery", now, (status) => status === "delivered")
      yield* ask(200, "POST", "/v1/deliveries/redeliver", odd({ reason: "@" }), { authorization })

      yield* ask(200, "POST", `${path}/clear`, odd({ reason: "@" }))
      const { notes } = (yield* ask(200, "GET", path)).as(AlertDetails)
      assert.deepStrictEqual(
        notes.map(({ note }) => note),
        [`closed by hand: ${text}`]
      )

      const rule = odd({ name: "@", match: { source: "@", rule: ["@"], labels: { "@": "@" } }, integrations: [] })
      assert.include((yield* ask(201, "POST", "/v1/rules", rule)).text, JSON.stringify(text))
      yield* ask(200, "POST", "/v1/rules/preview", rule)
      const integration = odd({ name: "@", type: "slack", settings: { url: `${harness.slackUrl}/odd`, channel: "#@" } })
      const shown = (yield* ask(201, "POST", "/v1/integrations", integration)).text
      assert.include(shown, JSON.stringify(text))
      assert.include(shown, JSON.stringify(`#${text}`))
      yield* ask(404, "GET", "/v1/deliveries/a%EF%BF%BD")
      yield* ask(400, "POST", "/v1/sources/thousandeyes", "kept \0")
      assert.include((yield* ask(200, "GET", "/v1/sources/unreadable")).text, "kept \uFFFD")
    })
  )
})
