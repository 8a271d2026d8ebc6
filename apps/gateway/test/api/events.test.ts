import { assert, describe, it, layer } from "@effect/vitest"
import { Caller, ServerEvent } from "@tocsin/client"
import { Changes } from "@tocsin/delivery"
import { Effect, Fiber, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { get, type IncomingMessage } from "node:http"
import { eventStream } from "../../src/api/eventStream.ts"
import { Accepted } from "../harness/answers.ts"
import { until } from "../harness/gate.ts"
import { SharedHarness, type Harness } from "../harness/gateway.ts"

const token = "the-operators-t0ken"

/** Reads server-sent events, by a connection of its own, until the test ends. */
const listen = Effect.fnUntraced(function* (harness: Harness, headers: { readonly [name: string]: string }) {
  let text = ""
  let hasEnded = false
  const sent = yield* Effect.acquireRelease(
    Effect.sync(() => get(`${harness.gateway().url}/v1/events`, { agent: false, headers })),
    (sent) => Effect.sync(() => sent.destroy())
  )
  const response = yield* Effect.callback<IncomingMessage>((resume) => {
    sent.on("error", () => {})
    sent.on("response", (response) => {
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      response.on("error", () => {}).on("close", () => (hasEnded = true))
      resume(Effect.succeed(response))
    })
  })
  return {
    response,
    text: () => text,
    events: () => eventsIn(text),
    hasEnded: () => hasEnded,
    stop: () => sent.destroy()
  }
})

/** The whole events in a text. */
const eventsIn = (text: string) =>
  text
    .split("\n\n")
    .slice(0, -1)
    .map((event) =>
      Schema.decodeUnknownSync(ServerEvent)(Object.fromEntries(event.split("\n").map((line) => line.split(/: (.*)/))))
    )

const idsOf = (events: ReturnType<typeof eventsIn>) =>
  events.flatMap((event) =>
    event.event === "changes" ? event.data.items.map(({ id = "*", kind }) => `${kind} ${id}`) : []
  )

describe("Live events", () => {
  layer(SharedHarness.layer({ TOCSIN_TOKEN: token }), { excludeTestServices: true })((it) => {
    const bearer = { authorization: `Bearer ${token}` }
    const raise = (id: string) =>
      Effect.flatMap(SharedHarness, (harness) =>
        Effect.map(
          harness.request(
            "POST",
            "/v1/alerts",
            { source: "live", id, state: "raised", startedAt: "2026-01-01T00:00:00Z", rule: { name: "A secret name" } },
            bearer
          ),
          ({ as }) => `alert ${as(Accepted).items[0]?.id}`
        )
      )

    it.effect(
      "name the changed things without their content, and are not cached, transformed or buffered on the way",
      () =>
        Effect.gen(function* () {
          const harness = yield* SharedHarness
          const stream = yield* listen(harness, bearer)
          assert.strictEqual(stream.response.statusCode, 200)
          const header = (name: string) => stream.response.headers[name]
          assert.strictEqual(header("content-type"), "text/event-stream")
          assert.strictEqual(header("cache-control"), "no-store, no-transform")
          assert.strictEqual(header("x-accel-buffering"), "no")
          assert.isUndefined(header("content-encoding"))
          yield* until("the stream to begin", () => stream.events().length > 0)
          assert.strictEqual(stream.events()[0]?.event, "ready")
          const alert = yield* raise("a")
          yield* until("the alert", () => idsOf(stream.events()).includes(alert))
          assert.notInclude(stream.text(), "secret")
        })
    )

    it.effect("resume after the last event read, or report that some were missed", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const first = yield* listen(harness, bearer)
        const seen = yield* raise("b")
        yield* until("the alert", () => idsOf(first.events()).includes(seen))
        const last = first.events().findLast(({ id }) => id !== undefined)?.id ?? ""
        first.stop()
        const missed = yield* raise("c")
        const second = yield* listen(harness, { ...bearer, "last-event-id": last })
        yield* until("what was missed", () => idsOf(second.events()).includes(missed))
        assert.notInclude(idsOf(second.events()), seen)
        const third = yield* listen(harness, { ...bearer, "last-event-id": "another.1" })
        yield* until("the reset", () => third.events().some(({ event }) => event === "reset"))
      })
    )

    it.effect("come after what a shared list shows", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const list = () => harness.request("GET", "/v1/alerts", undefined, { ...bearer, "cache-control": "max-age=1" })
        const stream = yield* listen(harness, bearer)
        yield* until("the stream to begin", () => stream.events().length > 0)
        for (const id of ["shared 1", "shared 2", "shared 3"]) {
          yield* list()
          const alert = yield* raise(id)
          yield* until("the alert", () => idsOf(stream.events()).includes(alert))
          assert.include((yield* list()).text, alert.replace("alert ", ""))
        }
      })
    )

    it.effect("end with the session, and need one", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const refused = yield* listen(harness, {})
        assert.strictEqual(refused.response.statusCode, 401)
        const signedIn = yield* harness.request("POST", "/v1/session", { token })
        const cookie = (signedIn.headers["set-cookie"] ?? "").split(";")[0] ?? ""
        const stream = yield* listen(harness, { cookie })
        const others = yield* listen(harness, bearer)
        yield* until("the stream to begin", () => stream.events().length > 0)
        const { session } = signedIn.as(Caller)
        assert.strictEqual(
          (yield* harness.request("DELETE", `/v1/sessions/${session?.id}`, undefined, bearer)).status,
          204
        )
        yield* until("the end of the stream", stream.hasEnded)
        yield* until("the change", () => idsOf(others.events()).includes(`session ${session?.id}`))
        assert.isFalse(others.hasEnded())
      })
    )

    it.effect("do not delay a stop of the gateway", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const stream = yield* listen(harness, bearer)
        yield* until("the stream to begin", () => stream.events().length > 0)
        assert.strictEqual(yield* harness.gateway().stop("SIGTERM"), 0)
        yield* until("the end of the stream", stream.hasEnded)
        assert.notInclude(harness.gateway().printed(), "failed")
      })
    )
  })

  it.effect("have a heartbeat every 15 seconds without events, which checks the session", () =>
    Effect.gen(function* () {
      let isOver = false
      const changes = Changes.of({
        changed: () => Effect.void,
        allChanged: () => Effect.void,
        position: Effect.succeed("run.0"),
        after: () => Effect.never
      })
      const events: Array<string> = []
      const reading = yield* eventStream({ changes, last: undefined, isOver: Effect.sync(() => isOver) }).pipe(
        Stream.runForEach((event) => Effect.sync(() => events.push(event))),
        Effect.forkChild
      )
      yield* TestClock.adjust("14 seconds")
      assert.deepStrictEqual(events, ["id: run.0\nevent: ready\ndata: {}\n\n"])
      yield* TestClock.adjust("1 second")
      yield* TestClock.adjust("15 seconds")
      assert.deepStrictEqual(events.slice(1), Array(2).fill("event: heartbeat\ndata: {}\n\n"))
      isOver = true
      yield* TestClock.adjust("15 seconds")
      yield* Fiber.join(reading)
      assert.lengthOf(events, 3)
    })
  )
})
