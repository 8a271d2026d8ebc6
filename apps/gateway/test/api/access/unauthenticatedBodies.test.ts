import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { ask } from "../../harness/answers.ts"
import { until } from "../../harness/gate.ts"
import { SharedHarness } from "../../harness/gateway.ts"
import * as RawSocket from "../../harness/rawSocket.ts"
import { routesWithBody } from "../../harness/routes.ts"

const token = "a-token-of-24-characters"

/** The routes whose bodies hold the credential. */
const withCredential = ["/v2/enqueue", "/v1/session"]

const begin = (method: string, path: string, length: number) =>
  `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`

describe("Bodies of callers without a token", () => {
  layer(SharedHarness.layer({ TOCSIN_TOKEN: token }), { excludeTestServices: true })((it) => {
    const others = routesWithBody.filter(({ path }) => !withCredential.includes(path))

    it.effect.each(others.map(({ method, path }) => [method, path] as const))(
      "%s %s refuses them before they arrive (401)",
      ([method, path]) =>
        Effect.gen(function* () {
          const socket = yield* RawSocket.open((yield* SharedHarness).gateway().url)
          socket.say(begin(method, path, 4_190_001))
          yield* until("the refusal", () => socket.heard() !== "")
          assert.deepStrictEqual(RawSocket.statuses(socket.heard()), [401])
        })
    )

    it.effect.each(withCredential.map((path) => [path] as const))(
      "%s refuses a long one before it arrives (413)",
      ([path]) =>
        Effect.gen(function* () {
          const socket = yield* RawSocket.open((yield* SharedHarness).gateway().url)
          socket.say(begin("POST", path, 4_190_001))
          yield* until("the refusal", () => socket.heard() !== "")
          assert.deepStrictEqual(RawSocket.statuses(socket.heard()), [413])
        })
    )

    it.effect("hold at most 16 MiB of events for PagerDuty, and events of the usual size are accepted meanwhile", () =>
      Effect.gen(function* () {
        const { url } = (yield* SharedHarness).gateway()
        const length = 512 * 1024
        const sockets = yield* Effect.forEach(
          Array.from({ length: 50 }),
          () =>
            Effect.map(RawSocket.open(url), (socket) => {
              // All but its last byte.
              socket.say(begin("POST", "/v2/enqueue", length) + "x".repeat(length - 1))
              return socket
            }),
          { concurrency: "unbounded" }
        )
        const refused = () => sockets.filter(({ heard }) => heard() !== "")
        // 32 of them fit.
        yield* until("the refusals", () => refused().length === 18)
        for (const { heard } of refused()) {
          assert.deepStrictEqual(RawSocket.statuses(heard()), [503])
          assert.include(heard(), "retry-after: 5")
          assert.include(heard(), "Send the event again after Retry-After seconds")
        }
        const event = {
          routing_key: token,
          event_action: "trigger",
          dedup_key: "k",
          payload: { summary: "s", source: "h", severity: "critical" }
        }
        yield* ask(202, "POST", "/v2/enqueue", event)
        yield* until("another refusal", () => refused().length === 19)
      })
    )
  })
})
