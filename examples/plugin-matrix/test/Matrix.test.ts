import { assert, it } from "@effect/vitest"
import { HttpClient, type HttpClientRequest, Misconfigured, RateLimited, showRequest } from "@tocsin/core"
import { client } from "@tocsin/core/fakes"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { Duration, Effect, Schema } from "effect"
import { Matrix } from "tocsin-plugin-matrix"
import { FakeMatrix } from "./FakeMatrix.ts"

const settings = { url: "https://matrix.example.com", roomId: "!test:example.com", token: "s3cr3t-access-token" }

const event = (request: HttpClientRequest.HttpClientRequest) => JSON.parse(showRequest(request, {}).body ?? "{}")

const limited = { errcode: "M_LIMIT_EXCEEDED", error: "Too Many Requests", retry_after_ms: 5000 }

ChannelPluginTest.suite(Matrix, {
  layer: Matrix.layer,
  settings,
  secrets: ["s3cr3t-access-token"],
  accepted: () => Response.json({ event_id: "$1" }),
  refused: [
    [() => Response.json({ errcode: "M_FORBIDDEN", error: "not in room" }, { status: 403 }), "DestinationGone"],
    [() => Response.json({ errcode: "M_UNKNOWN_TOKEN", error: "?" }, { status: 401 }), "Unauthorized"],
    [() => Response.json(limited, { status: 429 }), new RateLimited({ detail: "", retryAfter: Duration.seconds(5) })],
    [() => Response.json({ errcode: "M_TOO_LARGE", error: "?" }, { status: 413 }), "PayloadRejected"],
    [() => Response.json({}, { status: 302 }), new Misconfigured({ detail: "" })]
  ],
  validate: (request) => {
    const { body = "", url } = showRequest(request, {})
    return [
      ...(Buffer.byteLength(body) > 60_000 ? ["The event is larger than 65,536 bytes with what the server adds"] : []),
      ...(/\/send\/m\.room\.message\/[^/]+$/.test(url) ? [] : ["The URL has no transaction id"]),
      ...(event(request)["m.mentions"] === undefined ? ["Text could mention someone"] : [])
    ]
  },
  read: (request) => ({ blocks: [{ _tag: "Text", spans: [{ _tag: "Plain", text: event(request).body ?? "" }] }] }),
  fake: () => new FakeMatrix()
})

const deliver = Effect.fnUntraced(function* (
  fake: FakeMatrix,
  notification: (typeof samples.notifications)[keyof typeof samples.notifications],
  { deliveryId, messages }: { readonly deliveryId: string; readonly messages: ReadonlyArray<any> }
) {
  return yield* Effect.gen(function* () {
    const matrix = yield* Matrix
    const decoded = yield* Schema.decodeEffect(Schema.toCodecJson(Matrix.settings))(fake.settings(settings.url))
    return yield* matrix.deliver(decoded, notification, {
      form: "rich",
      deliveryId,
      conversation: { id: "c", messages }
    })
  }).pipe(Effect.provide(Matrix.layer), Effect.provideService(HttpClient.HttpClient, client(fake)))
})

it.effect("an attempt whose answer was lost posts no second message", () =>
  Effect.gen(function* () {
    const fake = new FakeMatrix()
    const first = yield* deliver(fake, samples.notifications.Raised, { deliveryId: "one", messages: [] })
    const again = yield* deliver(fake, samples.notifications.Raised, { deliveryId: "one", messages: [] })
    assert.deepStrictEqual(again, first)
    assert.lengthOf(fake.messages, 1)
    yield* deliver(fake, samples.notifications.Raised, { deliveryId: "two", messages: [] })
    assert.lengthOf(fake.messages, 2)
  })
)

it.effect("a clear edits the raise and the escalation, and posts nothing else", () =>
  Effect.gen(function* () {
    const fake = new FakeMatrix()
    const raised = yield* deliver(fake, samples.notifications.Raised, { deliveryId: "one", messages: [] })
    const escalated = yield* deliver(fake, samples.notifications.Escalated, { deliveryId: "two", messages: [] })
    yield* deliver(fake, samples.notifications.Cleared, {
      deliveryId: "three",
      messages: [
        { kind: "Raised", receipt: raised },
        { kind: "Escalated", receipt: escalated }
      ]
    })
    assert.lengthOf(fake.events(), 2)
    for (const { body } of fake.events()) assert.match(body, /^Cleared: /)
  })
)
