import { assert, describe, it } from "@effect/vitest"
import { Unavailable } from "@tocsin/core"
import { Redeliveries, RequestTrace, Traces } from "@tocsin/delivery"
import { Effect, Layer, Option, Tracer } from "effect"
import { SqlClient } from "effect/sql"
import {
  accept,
  deliveries,
  engine,
  event,
  fixture,
  integration,
  pass,
  raise,
  rule,
  save,
  tick
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"

/** The `traceparent` of request `n`. */
const request = (n: number, flags = "01") => `00-${String(n).padStart(32, "0")}-00000000000000aa-${flags}`
const within = (n: number, flags?: string) => Effect.provideService(RequestTrace, request(n, flags))

/** Runs a test on an engine whose ended spans it can read. */
const traced =
  (test: (script: Script, spans: ReadonlyArray<Tracer.NativeSpan>) => ReturnType<Parameters<typeof fixture>[0]>) =>
  () =>
    Effect.suspend(() => {
      const script = new Script()
      const begun: Array<Tracer.NativeSpan> = []
      const ended = () => begun.filter(({ status }) => status._tag === "Ended")
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          begun.push(span)
          return span
        }
      })
      const spans = new Proxy(begun, { get: (_, name) => Reflect.get(ended(), name) })
      return Effect.provide(test(script, spans), engine(script).pipe(Layer.provide(Layer.succeed(Traces, tracer))))
    })

const short = ({ attributes, name, parent, sampled, traceId }: Tracer.NativeSpan) => ({
  name,
  trace: Number(traceId),
  parent: Option.getOrUndefined(parent)?.spanId,
  sampled,
  attempt: attributes.get("tocsin.attempt"),
  error: attributes.get("error.type")
})

const parent = "00000000000000aa"

describe("Traces", () => {
  it.effect(
    "have one span for each attempt, in the trace of the request that caused the delivery",
    traced((script, spans) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        script.next("ops", { fail: new Unavailable({ detail: "HTTP 503" }) })
        yield* within(1)(raise("a"))
        yield* pass("1 minute")
        yield* within(2)(raise("b"))
        yield* within(3, "00")(raise("c"))
        yield* tick
        const name = "deliver fake"
        assert.deepStrictEqual(spans.map(short), [
          { name, trace: 1, parent, sampled: true, attempt: 1, error: "Unavailable" },
          { name, trace: 1, parent, sampled: true, attempt: 2, error: undefined },
          { name, trace: 2, parent, sampled: true, attempt: 1, error: undefined },
          { name, trace: 3, parent, sampled: false, attempt: 1, error: undefined }
        ])
        const redeliveries = yield* Redeliveries
        const [first] = yield* deliveries
        yield* within(4)(redeliveries.one(first?.id ?? "", { by: "ada", reason: "lost" }))
        yield* tick
        assert.strictEqual(Number(spans.at(-1)?.traceId), 4)
      })
    )
  )

  it.effect(
    "give a digest a trace of its own, with a link to the request of each delivery that it includes",
    traced((_, spans) =>
      Effect.gen(function* () {
        yield* save(integration("ops", { limits: { messages: 1, perSeconds: 60, burst: 1 } }), rule("all"))
        yield* Effect.forEach([1, 2, 3, 4], (n) => within(n)(accept(event(`a${n}`))))
        yield* pass("5 minutes")
        const digest = spans.find(({ links }) => links.length > 0)
        assert.isTrue(Option.isNone(digest?.parent ?? Option.none()))
        assert.includeMembers([1, 2, 3, 4], digest?.links.map(({ span }) => Number(span.traceId)) ?? [])
        assert.isAbove(digest?.links.length ?? 0, 1)
      })
    )
  )

  it.effect(
    "are not stored where no request has one",
    fixture(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* tick
        assert.deepStrictEqual(yield* sql`SELECT status, trace FROM deliveries`, [{ status: "delivered", trace: null }])
      })
    )
  )
})
