import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as GatewayProcess from "../../demo/gatewayProcess.ts"
import { until } from "../harness/gate.ts"
import * as RawSocket from "../harness/rawSocket.ts"

const alert = JSON.stringify({
  source: "flood",
  id: "slow",
  state: "raised",
  startedAt: "2026-01-01T00:00:00Z",
  rule: { name: "Flood" }
})

describe("2,000 idle connections, where 256 files may be open", () => {
  it.live("delay neither /healthz nor a request in progress", () =>
    Effect.gen(function* () {
      const { url } = yield* GatewayProcess.start(
        { TOCSIN_DATABASE_URL: "sqlite::memory:", TOCSIN_KEY: key },
        { openFiles: 256 }
      )
      const slow = yield* RawSocket.open(url)
      slow.say(`POST /v1/alerts HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${alert.length}\r\n`)
      // The gateway asks for the body once it takes care of the request.
      slow.say(`Expect: 100-continue\r\n\r\n${alert.slice(0, 20)}`)
      yield* until("the request to begin", () => slow.heard().includes("100 Continue"))

      const idle: Array<RawSocket.RawSocket> = []
      for (let batch = 0; batch < 20; batch++) {
        idle.push(
          ...(yield* Effect.all(
            Array.from({ length: 100 }, () => RawSocket.open(url)),
            { concurrency: 100 }
          ))
        )
        assert.strictEqual(yield* healthz(url), 200)
      }
      // All but the newest were given up, and nobody had to wait for that.
      yield* until("the oldest to be closed", () => idle.filter((socket) => socket.isClosed()).length >= 2000 - 128)
      assert.isFalse(idle.at(-1)?.isClosed())
      assert.strictEqual(yield* healthz(url), 200)

      slow.say(alert.slice(20))
      yield* until("the answer", () => RawSocket.statuses(slow.heard()).includes(202))
    })
  )
})

const key = Buffer.alloc(32, 1).toString("base64")

/** The status that `/healthz` answers with on a new connection. */
const healthz = (url: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const socket = yield* RawSocket.open(url)
      socket.say("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
      return RawSocket.statuses(yield* socket.closed)[0]
    })
  )
