import * as NodeSocket from "@effect/platform-node/NodeSocket"
import { assert, describe, it } from "@effect/vitest"
import { Connector, type Notification, type Reason } from "@tocsin/core"
import { samples } from "@tocsin/core/testing"
import { Effect, Layer, Schema } from "effect"
import { Irc } from "../src/Irc.ts"
import { asked, said } from "../src/lines.ts"
import * as Server from "./server.ts"

/** Connects to whatever it is told to; a gateway's judges first. */
const Unguarded = Layer.succeed(Connector, {
  connect: ({ host, port }) => NodeSocket.makeNet({ host, port })
})

const settings = (port: number, more: object = {}) => ({
  host: "127.0.0.1",
  port,
  tls: false,
  nick: "tocsin",
  channel: "#ops",
  ...more
})

const decode = Schema.decodeUnknownEffect(Schema.toCodecJson(Irc.settings))

const deliver = (port: number, notification: Notification = samples.notifications.Raised, more?: object) =>
  Effect.gen(function* () {
    const irc = yield* Irc
    return yield* irc.deliver(yield* Effect.orDie(decode(settings(port, more))), notification, { form: "rich" })
  }).pipe(Effect.provide(Irc.layer.pipe(Layer.provide(Unguarded))))

describe("Irc", () => {
  it.live("joins the channel, says the message and leaves", () =>
    Effect.gen(function* () {
      const { lines, port } = yield* Server.serve()
      assert.deepStrictEqual(yield* deliver(port, undefined, { password: "s3cret word" }), {})
      assert.deepStrictEqual(lines.slice(0, 6), [
        "PASS :s3cret word",
        "NICK tocsin",
        "USER tocsin 0 * :Tocsin",
        "PONG :a cookie",
        "JOIN #ops",
        "PRIVMSG #ops :Raised: HTTP errors on checkout-eu"
      ])
      assert.include(lines, "PING :said")
    })
  )

  it.live("says every kind of notification, in lines of its own only", () =>
    Effect.gen(function* () {
      for (const notification of Object.values(samples.notifications)) {
        const { lines, port } = yield* Server.serve()
        yield* deliver(port, notification)
        const spoken = lines.slice(lines.indexOf("JOIN #ops") + 1, lines.indexOf("PING :said"))
        assert.isAbove(spoken.length, 0)
        assert.isTrue(spoken.every((line) => line.startsWith("PRIVMSG #ops :")))
      }
    })
  )

  const refusals: ReadonlyArray<
    readonly [command: string, reply: string | null, tag: Reason["_tag"], unanswered?: true]
  > = [
    ["NICK", ":irc.example 433 * tocsin :Nickname is already in use", "Unavailable"],
    ["USER", ":irc.example 464 * :Password incorrect", "Unauthorized"],
    ["USER", "ERROR :Closing link", "Unavailable"],
    ["USER", null, "Unavailable"],
    ["JOIN", ":irc.example 403 tocsin #ops :No such channel", "DestinationGone"],
    ["JOIN", ":irc.example 473 tocsin #ops :Cannot join channel (+i)", "Misconfigured"],
    ["PRIVMSG", ":irc.example 404 tocsin #ops :Cannot send to channel", "Misconfigured"],
    ["PRIVMSG", null, "Unavailable", true]
  ]
  it.live.each(refusals)("understands %s answered by %s", ([command, reply, tag, unanswered]) =>
    Effect.gen(function* () {
      const { port } = yield* Server.serve({ [command]: reply })
      const error = yield* Effect.flip(deliver(port))
      if (error._tag !== "DeliveryError") return assert.fail(error._tag)
      assert.strictEqual(error.reason._tag, tag)
      assert.strictEqual("unanswered" in error.reason, unanswered === true)
    })
  )

  it.effect("says where secrets go", () =>
    Effect.gen(function* () {
      const irc = yield* Irc
      assert.strictEqual(irc.destination(yield* decode(settings(6667))), "tcp://127.0.0.1:6667")
      assert.strictEqual(irc.destination(yield* decode(Irc.example)), "tls://irc.example.com:6697")
    }).pipe(Effect.provide(Irc.layer.pipe(Layer.provide(Unguarded))))
  )
})

describe("lines", () => {
  it("are read with and without a prefix", () => {
    assert.deepStrictEqual(asked("PING :a b"), { command: "PING", parameters: ["a b"] })
    assert.deepStrictEqual(asked(":irc.example 366 t #ops :End of names"), {
      command: "366",
      parameters: ["t", "#ops", "End of names"]
    })
    assert.deepStrictEqual(asked(":x PONG x :said"), { command: "PONG", parameters: ["x", "said"] })
  })

  it("are written without commands in them, and no longer than a line may be", () => {
    assert.deepStrictEqual(said("#ops", "a\r\nQUIT :b\u0001\n\n \u0003,04c"), [
      "PRIVMSG #ops :a",
      "PRIVMSG #ops :QUIT :b",
      "PRIVMSG #ops :,04c"
    ])
    const [line = ""] = said("#ops", "ä".repeat(1000))
    assert.isAtMost(new TextEncoder().encode(line).length, 350 + "PRIVMSG #ops :".length)
  })
})
