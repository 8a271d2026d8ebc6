import * as NodeSocket from "@effect/platform-node/NodeSocket"
import { assert, describe, it } from "@effect/vitest"
import { Connector } from "@tocsin/core"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { Effect, Layer, Schema } from "effect"
import { Irc } from "../src/Irc.ts"
import { asked, said } from "../src/lines.ts"
import { peer, serve } from "./server.ts"

const settings = { host: "irc.test", port: 6667, tls: false, nick: "alerts", password: "s3cret word", channel: "#all" }

ChannelPluginTest.suite(Irc, {
  layer: Irc.layer,
  settings,
  secrets: [settings.password],
  peer,
  refused: [
    [() => peer({ NICK: ":irc.example 433 * alerts :Nickname is already in use" }), "Unavailable"],
    [() => peer({ USER: ":irc.example 464 * :Password incorrect" }), "Unauthorized"],
    [() => peer({ USER: "ERROR :Closing link" }), "Unavailable"],
    [() => peer({ USER: null }), "Unavailable"],
    [() => peer({ JOIN: ":irc.example 403 alerts #all :No such channel" }), "DestinationGone"],
    [() => peer({ JOIN: ":irc.example 473 alerts #all :Cannot join channel (+i)" }), "Misconfigured"],
    [() => peer({ PRIVMSG: ":irc.example 404 alerts #all :Cannot send to channel" }), "Misconfigured"]
  ],
  validate: (written) => {
    const lines = new TextDecoder().decode(written).split("\r\n")
    const spoken = lines.slice(lines.indexOf("JOIN #all") + 1, lines.indexOf("PING :said"))
    return [
      ...(spoken.length === 0 ? ["nothing is said"] : []),
      ...spoken.filter((line) => !line.startsWith("PRIVMSG #all :")).map((line) => `is no message: ${line}`),
      ...lines.filter((line) => new TextEncoder().encode(line).length > 400).map((line) => `is too long: ${line}`)
    ]
  }
})

/** Connects to any address; a gateway's connector checks it first. */
const Unguarded = Layer.succeed(Connector, {
  connect: ({ host, port }) => NodeSocket.makeNet({ host, port })
})

const decode = Schema.decodeUnknownEffect(Schema.toCodecJson(Irc.settings))

describe("Irc", () => {
  it.live("joins the channel, sends the message and leaves, by TCP", () =>
    Effect.gen(function* () {
      const { lines, port } = yield* serve
      const irc = yield* Irc
      const here = yield* decode({ ...settings, host: "127.0.0.1", port })
      assert.deepStrictEqual(
        yield* irc.deliver(here, samples.notifications.Raised, { form: "rich", deliveryId: "delivery-1" }),
        {}
      )
      assert.deepStrictEqual(lines.slice(0, 6), [
        "PASS :s3cret word",
        "NICK alerts",
        "USER alerts 0 * :Tocsin",
        "PONG :a cookie",
        "JOIN #all",
        "PRIVMSG #all :Raised: HTTP errors on checkout-eu"
      ])
      assert.include(lines, "PING :said")
    }).pipe(Effect.provide(Irc.layer.pipe(Layer.provide(Unguarded))))
  )

  it.effect("uses TLS unless tls is false", () =>
    Effect.gen(function* () {
      const irc = yield* Irc
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

  it("are written without line breaks, and within the length of a line", () => {
    assert.deepStrictEqual(said("#ops", "a\r\nQUIT :b\u0001\n\n \u0003,04c"), [
      "PRIVMSG #ops :a",
      "PRIVMSG #ops :QUIT :b",
      "PRIVMSG #ops :,04c"
    ])
    const [line = ""] = said("#ops", "ä".repeat(1000))
    assert.isAtMost(new TextEncoder().encode(line).length, 350 + "PRIVMSG #ops :".length)
  })
})
