import { assert } from "@effect/vitest"
import { Cause, Duration, Effect, Exit } from "effect"
import { DeliveryError, type Reason } from "../DeliveryError.ts"
import type { Check } from "./ChannelPluginTest.ts"
import { notifications } from "./samples.ts"
import { type Answer, disconnect, respond, type Trial } from "./trial.ts"

const statuses: { readonly [status: number]: Reason["_tag"] } = {
  302: "Misconfigured",
  400: "PayloadRejected",
  401: "Unauthorized",
  403: "Unauthorized",
  404: "DestinationGone",
  405: "Misconfigured",
  407: "Unauthorized",
  408: "Unavailable",
  410: "DestinationGone",
  413: "PayloadRejected",
  418: "Misconfigured",
  422: "PayloadRejected",
  429: "RateLimited",
  500: "Unavailable",
  502: "Unavailable",
  503: "Unavailable",
  504: "Unavailable"
}

/** What the service's answers, and their absence, are called. */
export const answerChecks = ({ deliver, options }: Trial): ReadonlyArray<Check> => {
  const fails = Effect.fnUntraced(function* (answer: Answer, tag?: Reason["_tag"]) {
    const { exit, requests } = yield* deliver(notifications.Raised, { answer })
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    assert.isDefined(error, "the service refused, and the plugin calls it delivered")
    if (!(error instanceof DeliveryError)) return assert.fail("it fails with something other than a DeliveryError")
    if (tag !== undefined) assert.strictEqual(error.reason._tag, tag)
    assert.lengthOf(requests, 1, "the engine retries, not the plugin")
    return error.reason
  })
  const secrets = options.secrets.join(" ")

  return [
    ...Object.entries({ ...statuses, ...options.statuses }).map(([status, tag]) => ({
      name: `calls HTTP ${status} ${tag}`,
      run: fails(
        respond(() => new Response("", { status: Number(status) })),
        tag
      )
    })),
    {
      name: "calls no other status from 400 on delivered",
      run: Effect.gen(function* () {
        for (let status = 400; status < 600; status++) yield* fails(respond(() => new Response("", { status })))
      })
    },
    ...(options.refused ?? []).map(([answer, tag], n) => ({
      name: `calls refusal ${n + 1} ${tag}`,
      run: fails(respond(answer), tag)
    })),
    {
      name: "waits as long as Retry-After says",
      run: Effect.gen(function* () {
        const reason = yield* fails(respond(() => new Response("", { status: 429, headers: { "retry-after": "17" } })))
        assert.strictEqual(reason._tag === "RateLimited" && Duration.toSeconds(reason.retryAfter), 17)
      })
    },
    { name: "calls a broken connection Unavailable", run: fails(disconnect, "Unavailable") },
    {
      name: "calls an answer that breaks off Unavailable",
      run: fails(
        respond(() => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) }))),
        "Unavailable"
      )
    },
    {
      name: "understands malformed answers as well as empty ones",
      run: Effect.gen(function* () {
        for (const body of malformed)
          yield* fails(
            respond(() => new Response(body, { status: 500 })),
            "Unavailable"
          )
      })
    },
    {
      name: "reads no more of an endless answer than it needs",
      run: Effect.gen(function* () {
        let pulled = 0
        const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
          pulled += 1024
          // An end, so that a plugin that reads all of it is caught and not waited for.
          if (pulled > 1_048_576) return controller.close()
          controller.enqueue(new Uint8Array(1024).fill(97))
        }
        yield* fails(
          respond(() => new Response(new ReadableStream({ pull }), { status: 500 })),
          "Unavailable"
        )
        assert.isBelow(pulled, 1_048_576)
      })
    },
    {
      name: "prints no secret when it fails, even if the service echoes them all",
      run: Effect.gen(function* () {
        const answers = [
          disconnect,
          ...[400, 403, 404, 429, 500].map((status) => respond(() => new Response(secrets, { status })))
        ]
        for (const answer of answers) {
          const { exit, logs, printed, spans } = yield* deliver(notifications.Raised, { answer })
          assert.isTrue(Exit.isFailure(exit))
          for (const secret of options.secrets) {
            for (const text of [printed, spans, ...logs]) assert.isFalse(text.includes(secret), "a secret was printed")
          }
        }
      })
    }
  ]
}

const malformed = [
  "{",
  "<html>",
  "null",
  "[]",
  "0",
  '"',
  "\u0000\uFFFF",
  '{"ok":{}}',
  '{"error":null}',
  '{"error":{"message":1}}'
]
