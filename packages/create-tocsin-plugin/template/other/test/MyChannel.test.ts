import * as NodeSocket from "@effect/platform-node/NodeSocket"
import { assert, it } from "@effect/vitest"
import { Connector, Message } from "@tocsin/core"
import { samples } from "@tocsin/core/testing"
import { Effect, Layer, Queue } from "effect"
import { createServer } from "node:net"
import { MyChannel } from "../src/MyChannel.ts"

/** Connects to whatever it is told to; a gateway's judges first. */
const Unguarded = Layer.succeed(Connector, {
  connect: ({ host, port }) => NodeSocket.makeNet({ host, port })
})

/** A server on this machine, and what each of its connections said. */
const serve = Effect.gen(function* () {
  const said = yield* Queue.unbounded<string>()
  const server = createServer((connection) => {
    let text = ""
    connection.setEncoding("utf8")
    connection.on("data", (part) => (text += part))
    connection.on("close", () => Queue.offerUnsafe(said, text))
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.sync(() => server.close())
  )
  const address = server.address()
  return { said, port: typeof address === "object" && address !== null ? address.port : 0 }
})

it.live("writes each kind of notification to the server that the settings name", () =>
  Effect.gen(function* () {
    const { port, said } = yield* serve
    const channel = yield* MyChannel
    for (const notification of Object.values(samples.notifications)) {
      yield* channel.deliver({ host: "127.0.0.1", port }, notification, { form: "rich" })
      assert.include(yield* Queue.take(said), Message.fromNotification(notification).headline)
    }
  }).pipe(Effect.provide(MyChannel.layer.pipe(Layer.provide(Unguarded))))
)
