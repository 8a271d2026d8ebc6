/**
 * The rate limits that a test send spends: they are kept by the gateway whose lanes spend them too (cases B1, D6).
 */
import { IntegrationId, Limits } from "@tocsin/core"
import { Duration, Effect, FiberMap, Schema } from "effect"
import type { RateLimit } from "../config/rateLimits.ts"
import { Integrations } from "../config/Integrations.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import { RateLimiter } from "../sending/RateLimiter.ts"
import { Peers } from "../cluster/Peers.ts"

/** How long a test goes on trying. */
export const giveUpAfter = Duration.minutes(5)

/** While nobody answers for a rate limit: its gateway has gone, or its lanes are moving. */
const pause = 1000

/** Whoever does not ask again so long after it could, in milliseconds, is gone, and no longer the next. */
const patience = 10_000

const spender = IntegrationId

/** What a gateway is asked of a rate limit that it keeps; the answer is in milliseconds. */
const Question = Schema.fromJsonString(
  Schema.Union([
    Schema.Struct({
      of: Schema.Literal("take"),
      spender,
      rateLimits: Schema.Array(Schema.Struct({ ...Limits.fields, key: Schema.String }))
    }),
    Schema.Struct({ of: Schema.Literal("pause"), spender, milliseconds: Schema.Number }),
    Schema.Struct({
      of: Schema.Literal("hint"),
      key: Schema.String,
      remaining: Schema.Number,
      resetAt: Schema.Number
    }),
    Schema.Struct({ of: Schema.Literal("forget"), spender })
  ])
)
type Question = typeof Question.Type

/** Answers other gateways for as long as the scope is open; paces a test that spends these rate limits. */
export const remoteRateLimiter = Effect.gen(function* () {
  const rateLimiter = yield* RateLimiter
  const peers = yield* Peers
  const groupCommit = yield* GroupCommit
  const integrations = yield* Integrations
  const spenders = yield* FiberMap.make<IntegrationId>()

  const answer = Effect.fnUntraced(function* (question: Question) {
    switch (question.of) {
      case "take": {
        yield* rateLimiter.declare(question.spender, question.rateLimits)
        const wait = yield* rateLimiter.takeFirst(question.spender)
        // Whoever asked may be gone before it says so; one that sends now may yet be asked for a pause.
        const isGoneAfter = wait > 0 ? wait + patience : giveUpAfter
        yield* FiberMap.run(spenders, question.spender, Effect.delay(rateLimiter.forget(question.spender), isGoneAfter))
        return wait
      }
      case "pause":
        yield* rateLimiter.pause(question.spender, question.milliseconds)
        return 0
      case "hint":
        yield* rateLimiter.hint(question.key, question.remaining, question.resetAt)
        return 0
      case "forget":
        yield* rateLimiter.forget(question.spender)
        yield* FiberMap.remove(spenders, question.spender)
        return 0
    }
  })

  yield* Effect.forkScoped(peers.answer((question) => Effect.map(answer(decode(question)), String)))

  return Effect.fnUntraced(function* (rateLimits: ReadonlyArray<RateLimit>) {
    const keys = rateLimits.map(({ key }) => key)
    const partition = yield* groupCommit.read(integrations.partitionOf(keys)).pipe(
      Effect.tapError(() => Effect.sleep(pause)),
      Effect.eventually
    )
    const ask = (question: Question): Effect.Effect<number> =>
      peers.isHeld(partition)
        ? answer(question)
        : Effect.map(peers.ask(partition, encode(question)), (answer) =>
            answer === undefined ? pause : Number(answer)
          )

    return {
      ...rateLimiter,
      takeFirst: (spender) => ask({ of: "take", spender, rateLimits }),
      pause: (spender, milliseconds) => Effect.asVoid(ask({ of: "pause", spender, milliseconds })),
      hint: (key, remaining, resetAt) => Effect.asVoid(ask({ of: "hint", key, remaining, resetAt })),
      forget: (spender) => Effect.asVoid(ask({ of: "forget", spender }))
    } satisfies RateLimiter["Service"]
  })
})

const encode = Schema.encodeSync(Question)
const decode = Schema.decodeUnknownSync(Question)
