import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { mostConnections } from "../../src/server/connectionLimit.ts"
import { TcpServer } from "@tocsin/test-network"
import * as RawSocket from "../harness/rawSocket.ts"

const Endpoint = Schema.Struct({ host: Schema.String, port: Schema.Number })
const Report = Schema.Struct({
  libuv: Schema.Array(Schema.Struct({ remoteEndpoint: Schema.optionalKey(Schema.NullOr(Endpoint)) }))
})

describe("How many connections may be open", () => {
  it.live("are counted without resolving the addresses of their clients", () =>
    Effect.gen(function* () {
      const { port } = yield* TcpServer.listen(() => {})
      yield* RawSocket.open(`http://127.0.0.1:${port}`)
      assert.isAbove(mostConnections(), 0)
      const { libuv } = Schema.decodeUnknownSync(Report)(process.report.getReport())
      const ours = libuv.flatMap(({ remoteEndpoint }) => remoteEndpoint ?? []).find((end) => end.port === port)
      assert.strictEqual(ours?.host, "127.0.0.1")
    })
  )
})
