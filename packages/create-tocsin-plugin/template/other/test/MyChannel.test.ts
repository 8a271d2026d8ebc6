import * as NodeSocket from "@effect/platform-node/NodeSocket"
import { assert, it } from "@effect/vitest"
import { Connector, Message, type Notification, PayloadRejected } from "@tocsin/core"
import { samples } from "@tocsin/core/testing"
import { Effect, Layer } from "effect"
import { createServer } from "node:net"
import { MyChannel } from "../src/MyChannel.ts"

/** Connects to whatever it is told to; a gateway's judges first. */
const Unguarded = Layer.succeed(Connector, {
  connect: ({ host, port }) => NodeSocket.makeNet({ host, port })
})

/** A server on this machine that answers each line, and the lines that it was sent. */
const serve = Effect.fnUntraced(function* (answer: string) {
  const lines: Array<string> = []
  const server = createServer((connection) => {
    let text = ""
    connection.setEncoding("utf8")
    connection.on("data", (part) => {
      text += part
      if (!text.endsWith("\n")) return
      lines.push(text.trimEnd())
      connection.end(`${answer}\n`)
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.sync(() => server.close())
  )
  const address = server.address()
  return { lines, port: typeof address === "object" && address !== null ? address.port : 0 }
})

const deliver = (port: number, notification: Notification) =>
  MyChannel.use(({ deliver }) => deliver({ host: "127.0.0.1", port }, notification, { form: "rich" })).pipe(
    Effect.provide(MyChannel.layer.pipe(Layer.provide(Unguarded)))
  )

it.live("writes each kind of notification as a line", () =>
  Effect.gen(function* () {
    const { lines, port } = yield* serve("ok")
    for (const notification of Object.values(samples.notifications)) {
      yield* deliver(port, notification)
      assert.include(lines.at(-1), Message.fromNotification(notification).headline)
    }
    assert.lengthOf(lines, Object.keys(samples.notifications).length)
  })
)

it.live("says why a message was refused", () =>
  Effect.gen(function* () {
    const { port } = yield* serve("no room for that")
    const { reason } = yield* Effect.flip(deliver(port, samples.notifications.Raised))
    assert.deepStrictEqual(reason, new PayloadRejected({ detail: "no room for that" }))
  })
)
