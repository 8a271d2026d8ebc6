import { assert, describe, it } from "@effect/vitest"
import {
  answerUnreadableCode,
  ChannelPlugin,
  DeliveryError,
  egressRefusedCode,
  HttpChannel,
  notSentCode,
  RateLimited
} from "@tocsin/core"
import { samples } from "@tocsin/core/testing"
import { Cause, Duration, Effect, Exit, Redacted, Schema } from "effect"
import { HttpClient, HttpClientError, HttpClientRequest, HttpClientResponse } from "effect/http"

class Hook extends ChannelPlugin.Service<Hook>()("hook", {
  title: "Hook",
  settings: Schema.Struct({
    url: Schema.Redacted(Schema.String),
    password: Schema.Redacted(Schema.String),
    login: Schema.Redacted(Schema.Struct({ codes: Schema.Array(Schema.String) }))
  }),
  settingsVersion: 1,
  example: {},
  setup: [],
  rateLimits: ({ url }) => [{ key: Redacted.value(url), messages: 1, perSeconds: 1, burst: 1 }],
  sizes: { text: 1000 },
  capabilities: {}
}) {
  static readonly layer = HttpChannel.layer(Hook, {
    request: ({ url }, { _tag }) => [
      HttpClientRequest.put(`${Redacted.value(url)}/first`),
      HttpClientRequest.post(`${Redacted.value(url)}/${_tag}`)
    ],
    answer: ({ body }, { now }) => {
      if (body === "later") return new RateLimited({ detail: "later", retryAfter: Duration.millis(now + 1000) })
      return body.startsWith("ts") ? { data: { ts: body } } : undefined
    }
  })
}

const settings = {
  url: Redacted.make("https://hooks.example.com/services/T0123456/aSecretOfThisHook"),
  password: Redacted.make("pa ss/w&rd"),
  login: Redacted.make({ codes: ["c0de-of-the-login"] })
}

const deliver = Effect.fnUntraced(function* (answers: ReadonlyArray<() => Response>) {
  const requests: Array<string> = []
  const exit = yield* Effect.gen(function* () {
    const hook = yield* Hook
    return yield* hook.deliver(settings, samples.notifications.Raised, { form: "rich", deliveryId: "delivery-1" })
  }).pipe(
    Effect.provide(Hook.layer),
    Effect.provideService(
      HttpClient.HttpClient,
      HttpClient.make((request) =>
        Effect.sync(() => {
          requests.push(`${request.method} ${new URL(request.url).pathname.split("/").at(-1)}`)
          return HttpClientResponse.fromWeb(request, answers[requests.length - 1]!())
        })
      )
    ),
    Effect.exit
  )
  return { exit, requests }
})

describe("HttpChannel", () => {
  it.effect("sends the requests in order and returns the last receipt", () =>
    Effect.gen(function* () {
      const { exit, requests } = yield* deliver([() => new Response("ts1"), () => new Response("ts2")])
      assert.deepStrictEqual(requests, ["PUT first", "POST Raised"])
      assert.deepStrictEqual(exit, Exit.succeed({ data: { ts: "ts2" } }))
    })
  )

  it.effect("stops at the first request that fails", () =>
    Effect.gen(function* () {
      const { exit, requests } = yield* deliver([() => new Response("", { status: 503 })])
      assert.lengthOf(requests, 1)
      assert.isTrue(Exit.isFailure(exit))
    })
  )

  it.effect("passes the time to the plugin, for services that name a time", () =>
    Effect.gen(function* () {
      const { exit } = yield* deliver([() => new Response("later")])
      assert.include(String(exit), "RateLimited")
    })
  )

  it.effect("reads no more than 64 KiB of an answer", () =>
    Effect.gen(function* () {
      let pulled = 0
      const endless = () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              pulled += 1024
              controller.enqueue(new Uint8Array(1024).fill(97))
            }
          }),
          { status: 400 }
        )
      const { exit } = yield* deliver([endless])
      assert.include(String(exit), "PayloadRejected")
      assert.isBelow(pulled, 80_000)
    })
  )

  it.effect("treats a 2xx with an unreadable rest as delivered, and other answers by their status", () =>
    Effect.gen(function* () {
      const broken = (status: number, cause: Error, headers?: HeadersInit) => () =>
        new Response(new ReadableStream({ pull: (controller) => controller.error(cause) }), {
          status,
          ...(headers && { headers })
        })
      const egress = Object.assign(new Error("Its gzip is damaged"), { code: answerUnreadableCode })
      const other = new Error(`reset while reading ${Redacted.value(settings.url)}`)
      const unreadable = Effect.fnUntraced(function* (answer: () => Response) {
        const { exit, requests } = yield* deliver([() => new Response("ts1"), answer])
        assert.lengthOf(requests, 2)
        return Exit.isSuccess(exit) ? exit.value : Cause.pretty(exit.cause)
      })
      assert.deepStrictEqual(yield* unreadable(broken(200, egress)), { unreadable: "Its gzip is damaged" })
      assert.deepStrictEqual(yield* unreadable(broken(202, egress, { "content-length": "2" })), {
        unreadable: "Its gzip is damaged"
      })
      assert.deepStrictEqual(yield* unreadable(broken(200, other)), { unreadable: "It broke off" })
      assert.include(yield* unreadable(broken(404, other)), "DestinationGone: HTTP 404")
    })
  )

  it.effect("waits as long as Retry-After says, and leaves it to the engine where that is unreadable", () =>
    Effect.gen(function* () {
      const retryAfter = Effect.fnUntraced(function* (status: number, value: string | undefined) {
        const headers = value === undefined ? {} : { "retry-after": value }
        const { exit } = yield* deliver([() => new Response("", { status, headers })])
        const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        if (!(error instanceof DeliveryError)) return assert.fail(String(exit))
        return "retryAfter" in error.reason ? error.reason.retryAfter : undefined
      })
      for (const status of [429, 503]) {
        assert.deepStrictEqual(yield* retryAfter(status, "17"), Duration.seconds(17))
        for (const silent of [undefined, "", "soon", "-1"]) assert.isUndefined(yield* retryAfter(status, silent))
      }
    })
  )

  it.effect("redacts every secret that a service echoes: whole, as a path, in parts, in a group, and encoded", () =>
    Effect.gen(function* () {
      const echoes = [
        Redacted.value(settings.url),
        "/services/T0123456/aSecretOfThisHook",
        "aSecretOfThisHook",
        Redacted.value(settings.password),
        encodeURIComponent(Redacted.value(settings.password)),
        "c0de-of-the-login"
      ]
      for (const echo of echoes) {
        const { exit } = yield* deliver([() => new Response(`no such hook: ${echo}.`, { status: 404 })])
        const printed = Exit.isFailure(exit) ? Cause.pretty(exit.cause) + JSON.stringify(exit) : ""
        assert.include(printed, "DestinationGone")
        assert.include(printed, "<redacted>")
        assert.notInclude(printed, echo)
      }
    })
  )

  it.effect("counts each request, and redacts the token that a request is authorized with", () =>
    Effect.gen(function* () {
      const counter = { made: 0 }
      const fetched = "f3tched-T0ken"
      const answers = [Response.json({ token: fetched }), Response.json({ error: `No such token: ${fetched}` })]
      const bodies = yield* Effect.forEach(
        [HttpClientRequest.bearerToken("none"), HttpClientRequest.bearerToken(fetched)],
        (authorize) => HttpChannel.exchange(authorize(HttpClientRequest.post("https://api.example.com/")), {})
      ).pipe(
        Effect.provideService(HttpChannel.RequestCounter, counter),
        Effect.provideService(
          HttpClient.HttpClient,
          HttpClient.make((request) => Effect.sync(() => HttpClientResponse.fromWeb(request, answers.shift()!)))
        )
      )
      assert.strictEqual(counter.made, 2)
      assert.include(bodies[0]?.body, fetched)
      assert.strictEqual(bodies[1]?.body, `{"error":"No such token: <redacted>"}`)
    })
  )

  it.effect("reports that a request may have been accepted, unless the client knows that it was not sent", () =>
    Effect.gen(function* () {
      const reason = (code: string) =>
        Effect.gen(function* () {
          const hook = yield* Hook
          return (yield* Effect.flip(
            hook.deliver(settings, samples.notifications.Raised, { form: "rich", deliveryId: "delivery-1" })
          )).reason
        }).pipe(
          Effect.provide(Hook.layer),
          Effect.provideService(
            HttpClient.HttpClient,
            HttpClient.make((request) => {
              const cause = Object.assign(new Error("what the operator reads"), { code })
              return Effect.fail(
                new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })
              )
            })
          )
        )
      const sent = yield* reason("ECONNRESET")
      assert.deepInclude(sent, { _tag: "Unavailable", detail: "ECONNRESET", unanswered: true })
      const notSent = yield* reason(notSentCode)
      assert.deepInclude(notSent, { _tag: "Unavailable", detail: "what the operator reads" })
      assert.notProperty(notSent, "unanswered")
      assert.deepInclude(yield* reason(egressRefusedCode), { _tag: "Misconfigured", detail: "what the operator reads" })
    })
  )
})
