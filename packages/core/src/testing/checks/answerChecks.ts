import { assert } from "@effect/vitest"
import { Cause, Duration, Effect, Exit } from "effect"
import { DeliveryError, type Reason } from "../../DeliveryError.ts"
import { type Check, type Options, tagOf } from "../options.ts"
import type { HttpService } from "../http.ts"
import { notifications } from "../samples.ts"
import type { Trial } from "../trial.ts"

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

/** Checks how a plugin classifies the service's answers, and missing answers. */
export const answerChecks = (
  { deliver, fails }: Trial,
  { disconnects, responds, respondsInTurn }: HttpService,
  options: Pick<Options<never>, "accepted" | "refused" | "statuses">
): ReadonlyArray<Check> => {
  const known: NonNullable<typeof options.statuses> = { ...statuses, ...options.statuses }

  return [
    ...Object.entries(known).map(([status, tag]) => {
      const answer = responds(() => new Response("", { status: Number(status) }))
      return {
        name: `calls HTTP ${status} ${tag}`,
        run:
          tag === "delivered"
            ? Effect.gen(function* () {
                const { exit, printed } = yield* deliver(notifications.Raised, { answer })
                assert.isTrue(Exit.isSuccess(exit), printed)
              })
            : fails(answer, tag)
      }
    }),
    {
      name: "calls no other status from 300 on delivered",
      run: Effect.gen(function* () {
        for (let status = 300; status < 600; status++) {
          if (known[status] !== "delivered") yield* fails(responds(() => new Response(null, { status })))
        }
      })
    },
    ...(options.refused ?? []).map(([answer, reason], n) => ({
      name: `calls refusal ${n + 1} ${tagOf(reason)}`,
      run: fails(responds(answer), reason)
    })),
    {
      name: "waits as long as Retry-After says",
      run: Effect.gen(function* () {
        const reason = yield* fails(responds(() => new Response("", { status: 429, headers: { "retry-after": "17" } })))
        assert.deepStrictEqual(reason._tag === "RateLimited" && reason.retryAfter, Duration.seconds(17))
      })
    },
    {
      name: "fails where the service refuses a later request of a message",
      run: Effect.gen(function* () {
        const raised = yield* deliver(notifications.Raised)
        const messages = Exit.isSuccess(raised.exit) ? [{ kind: "Raised" as const, receipt: raised.exit.value }] : []
        for (const [what, notification, conversation] of [
          ["the raise", notifications.Raised, undefined],
          ["the clear", notifications.Cleared, { id: "conversation", messages }]
        ] as const) {
          const usual = yield* deliver(notification, { ...(conversation && { conversation }) })
          for (let before = 1; before < usual.sent.length; before++) {
            for (const status of [401, 429, 503]) {
              const refusal = () => new Response("", { status, headers: { "retry-after": "17" } })
              const answer = respondsInTurn((n) => (n < before ? options.accepted() : refusal()))
              const { exit } = yield* deliver(notification, { answer, ...(conversation && { conversation }) })
              const asked = `request ${before + 1} of ${what}, with HTTP ${status}`
              assert.isTrue(Exit.isFailure(exit), `the service refused ${asked}, but \`deliver\` succeeds`)
              const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
              const reason = error instanceof DeliveryError ? error.reason : undefined
              assert.strictEqual(reason?._tag, known[status], `the service refused ${asked}`)
            }
          }
        }
      })
    },
    { name: "calls a broken connection Unavailable", run: fails(disconnects, "Unavailable") },
    {
      name: "treats a truncated 2xx as delivered, unless a further request depends on it",
      run: Effect.gen(function* () {
        const { sent } = yield* deliver(notifications.Raised)
        for (const begun of ["", "o", "ok", "{"]) {
          const answer = responds(breakingOff(begun, 200))
          // A further request may depend on the answer.
          if (sent.length > 1) yield* fails(answer, "Unavailable")
          else {
            const { exit, printed } = yield* deliver(notifications.Raised, { answer })
            assert.isTrue(Exit.isSuccess(exit) && (exit.value.unreadable ?? "") !== "", printed)
          }
        }
      })
    },
    {
      name: "calls a refusal by its status where its body is truncated",
      run: Effect.gen(function* () {
        for (const status of [404, 503]) yield* fails(responds(breakingOff("n", status)), statuses[status])
      })
    },
    {
      name: "understands malformed answers as well as empty ones",
      run: Effect.gen(function* () {
        for (const [status, tag] of Object.entries(known)) {
          if (tag === "delivered") continue
          for (const body of malformed) {
            yield* fails(
              responds(() => new Response(body, { status: Number(status) })),
              tag
            )
          }
        }
      })
    },
    {
      name: "accepts or refuses a malformed answer that claims success, and never throws",
      run: Effect.gen(function* () {
        for (const body of malformed) {
          const { exit, printed } = yield* deliver(notifications.Raised, { answer: responds(() => new Response(body)) })
          assert.isFalse(Exit.hasDies(exit), printed)
        }
      })
    },
    {
      name: "reads no more of an endless answer than it needs",
      run: Effect.gen(function* () {
        let pulled = 0
        const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
          pulled += 1024
          // The answer ends here, so that a plugin that reads all of it fails the check instead of hanging.
          if (pulled > 1_048_576) return controller.close()
          controller.enqueue(new Uint8Array(1024).fill(97))
        }
        yield* fails(
          responds(() => new Response(new ReadableStream({ pull }), { status: 500 })),
          "Unavailable"
        )
        assert.isBelow(pulled, 1_048_576)
      })
    }
  ]
}

/** An answer that breaks off after this text. */
const breakingOff = (begun: string, status: number) => () => {
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => controller.error(new Error("reset"))
  const start = (controller: ReadableStreamDefaultController<Uint8Array>) =>
    controller.enqueue(new TextEncoder().encode(begun))
  return new Response(new ReadableStream({ start, pull }), { status })
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
