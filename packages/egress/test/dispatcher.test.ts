import { assert, describe, it } from "@effect/vitest"
import { NameServer, TcpServer } from "@tocsin/test-network"
import { Effect } from "effect"
import { failure } from "./harness/attempt.ts"
import { guard } from "./harness/guard.ts"

describe("An attempt that fails", () => {
  it.live(
    "before its request went out is known as not sent",
    () =>
      Effect.gen(function* () {
        const names = yield* NameServer.serve()
        const silent = yield* TcpServer.listen(() => {})
        const broken = yield* TcpServer.listen((socket) => socket.destroy())
        const closed = yield* Effect.scoped(TcpServer.listen(() => {}))
        const attempts = ["silence in the handshake", "a broken handshake", "nobody there"].map((what, index) => ({
          what,
          port: [silent, broken, closed][index]?.port
        }))
        const reasons = yield* Effect.forEach(attempts, ({ port }) => failure(`https://127.0.0.1:${port}`), {
          concurrency: "unbounded"
        }).pipe(Effect.provide(guard(names, { allow: "127.0.0.1" })))
        for (const reason of reasons) {
          assert.strictEqual(reason._tag, "Unavailable")
          assert.notProperty(reason, "unanswered")
        }
        assert.include(reasons[0]?.detail, "Connect Timeout")
        assert.strictEqual(reasons[2]?.detail, "ECONNREFUSED")
        assert.strictEqual(silent.reached(), 1)
      }),
    15_000
  )

  it.live("after its request went out may have been accepted", () =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve()
      const { port } = yield* TcpServer.listen((socket) => socket.once("data", () => socket.destroy()))
      const reason = yield* Effect.provide(failure(`http://127.0.0.1:${port}`), guard(names, { allow: "127.0.0.1" }))
      assert.deepInclude(reason, { _tag: "Unavailable", unanswered: true })
    })
  )
})
