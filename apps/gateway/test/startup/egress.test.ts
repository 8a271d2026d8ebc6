import { assert, describe, it } from "@effect/vitest"
import { samples } from "@tocsin/core/testing"
import { PluginRegistry } from "@tocsin/delivery"
import { Resolver } from "@tocsin/egress"
import { NameServer, TcpServer } from "@tocsin/test-network"
import { ConfigProvider, Effect, Layer } from "effect"
import { Irc } from "tocsin-plugin-irc"
import * as Egress from "../../src/startup/Egress.ts"
import * as Plugins from "../../src/startup/Plugins.ts"
import { Settings } from "../../src/startup/settings/Settings.ts"

const egress = ({ address }: NameServer.NameServer, allow: string) =>
  Egress.layerNoDeps.pipe(
    Layer.provide(Resolver.layerOptions({ nameServers: [address] })),
    Layer.provide(Settings.layer),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ TOCSIN_EGRESS_ALLOW: allow }))),
    Layer.orDie
  )

describe("TOCSIN_EGRESS_ALLOW", () => {
  const table = ["bridge.example:8443", "https://bridge.example", "*.example", "10.0.0.1/8", "10.0.0.0/33"]
  it.effect.each(table.map((entry) => [entry] as const))("with %s in it is refused at the start", ([entry]) =>
    Effect.gen(function* () {
      const refused = yield* Settings.pipe(
        Effect.provide(Settings.layer),
        Effect.provide(
          ConfigProvider.layer(ConfigProvider.fromUnknown({ TOCSIN_EGRESS_ALLOW: `localhost, ${entry}` }))
        ),
        Effect.flip
      )
      assert.include(refused.message, "TOCSIN_EGRESS_ALLOW: Expected host names")
    })
  )

  it.live("guards the built-in plugins", () =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve({ "irc.example": ["127.0.0.1"] })
      const { port, reached } = yield* TcpServer.listen((socket) => socket.end("ERROR :Closing link\r\n"))
      const attempt = (allow: string) =>
        Effect.gen(function* () {
          const { channel } = yield* PluginRegistry.use(({ get }) => get("irc"))
          const settings = { host: "irc.example", port, tls: false, nick: "tocsin", channel: "#ops" }
          return yield* channel.deliver(settings, samples.notifications.Raised, {
            form: "rich",
            deliveryId: "delivery-1"
          })
        }).pipe(
          Effect.flip,
          Effect.map((error) => (error._tag === "DeliveryError" ? error.reason._tag : error._tag)),
          Effect.provide(Plugins.layer([...Plugins.builtIn, Irc]).pipe(Layer.provide(egress(names, allow))))
        )
      assert.deepStrictEqual([yield* attempt(""), reached()], ["Misconfigured", 0])
      assert.deepStrictEqual([yield* attempt("irc.example"), reached()], ["Unavailable", 1])
    })
  )
})
