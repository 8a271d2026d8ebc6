import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as GatewayProcess from "../../demo/gatewayProcess.ts"
import { until } from "../harness/gate.ts"
import { memory } from "../harness/memory.ts"
import * as RawSocket from "../harness/rawSocket.ts"

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`

describe("Callers that ask for the API's page and do not read it", () => {
  it.live("cost no memory each, and do not lock out other callers", () =>
    Effect.gen(function* () {
      // With 256 files, 128 connections.
      const { pid, url } = yield* GatewayProcess.start(
        { TOCSIN_DATABASE_URL: "sqlite::memory:", TOCSIN_KEY: Buffer.alloc(32, 1).toString("base64") },
        { openFiles: 256 }
      )
      const ask = Effect.gen(function* () {
        const socket = yield* RawSocket.open(url)
        socket.say(get("/docs"))
        yield* until("the page's beginning", () => socket.isClosed() || socket.heard() !== "")
        socket.stopReading()
        return socket
      })
      yield* ask
      const before = memory(pid, "HWM")
      for (let n = 0; n < 200; n++) yield* ask
      const other = yield* RawSocket.open(url)
      other.say(get("/healthz"))
      yield* until("an answer", () => RawSocket.statuses(other.heard()).includes(200))
      // The page is 3.3 MB: 200 copies are 660 MB.
      assert.isBelow(memory(pid, "HWM") - before, 100_000_000)
    })
  )
})
