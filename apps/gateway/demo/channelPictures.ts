/**
 * Writes a picture of each channel for docs/guide/channels.md: a raise, its clear and a digest, as the page of the channel's fake
 * shows them. Needs Debian's Chromium.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeSocket from "@effect/platform-node/NodeSocket"
import { type ChannelPlugin, Connector, HttpClient } from "@tocsin/core"
import { client, FakePage, FakeServer, type FakeService } from "@tocsin/core/fakes"
import { samples } from "@tocsin/core/testing"
import { Console, Effect, Layer, Schema, type Scope } from "effect"
import { fileURLToPath } from "node:url"
import { chromium } from "playwright-core"
import { builtIn, type HasLayer } from "../src/startup/Plugins.ts"
import { fakes, slackBot } from "./fakes.ts"

const { notifications } = samples
const pictures = fileURLToPath(new URL("../../../docs/pictures/", import.meta.url))

/** Delivers to a fake, and returns the address of its page. */
const shown = Effect.fnUntraced(function* (
  plugin: ChannelPlugin.Any,
  { layer }: HasLayer,
  fake: FakeService
): Effect.fn.Return<string, unknown, Scope.Scope> {
  const at =
    fake.peer === undefined ? "https://fake.example" : yield* FakeServer.serveConnections((now) => fake.peer!(now))
  yield* Effect.gen(function* () {
    const channel = yield* plugin
    const settings = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(plugin.settings))(fake.settings(at))
    const deliver = (kind: "Raised" | "Cleared" | "Digest", messages: ReadonlyArray<ChannelPlugin.DeliveredMessage>) =>
      channel.deliver(settings, notifications[kind], {
        form: "rich",
        deliveryId: kind,
        ...(kind !== "Digest" && { conversation: { id: "conversation", messages } })
      })
    const receipt = yield* deliver("Raised", [])
    yield* deliver("Cleared", [{ kind: "Raised", receipt }])
    if (plugin.capabilities.digest !== false) yield* deliver("Digest", [])
  }).pipe(
    Effect.provide(
      layer.pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, client(fake))),
        Layer.provide(Layer.succeed(Connector, { connect: ({ host, port }) => NodeSocket.makeNet({ host, port }) }))
      )
    )
  )
  return yield* FakeServer.serve(FakePage.withPage(fake))
})

Effect.gen(function* () {
  const browser = yield* Effect.acquireRelease(
    Effect.promise(() =>
      chromium.launch({
        executablePath: "/usr/bin/chromium",
        args: ["--no-sandbox", "--disable-gpu", "--disable-lcd-text"]
      })
    ),
    (browser) => Effect.promise(() => browser.close())
  )
  const layers: ReadonlyArray<HasLayer> = builtIn
  const channels = layers.flatMap((layer, n) => {
    const plugin = builtIn[n]!
    const fake = fakes[plugin.type]
    const own = fake === undefined ? [] : [[plugin.type, plugin, layer, fake] as const]
    return plugin.type === slackBot.type ? [...own, [slackBot.id, plugin, layer, slackBot.fake] as const] : own
  })
  for (const [name, plugin, layer, fake] of channels) {
    const url = yield* shown(plugin, layer, fake)
    yield* Effect.promise(async () => {
      const page = await browser.newPage({
        colorScheme: "light",
        viewport: { width: 510, height: 300 },
        javaScriptEnabled: false
      })
      const [html = "", css = ""] = await Promise.all(
        ["/", "/style.css"].map((path) => fetch(`${url}${path}`).then((answer) => answer.text()))
      )
      // The page loads itself again and again, and the time of the run would change the picture.
      const style = `<style>${css} article > time, body > :not(main) { display: none } main { padding: 1.25rem } :root { zoom: 0.75 }</style>`
      await page.setContent(
        html.replace(/<meta http-equiv="refresh".*?>/, "").replace(/<link rel="stylesheet".*?>/, style)
      )
      await page.locator("main").screenshot({ path: `${pictures}channel-${name}.png` })
      await page.close()
    })
  }
  yield* Console.log(`Wrote ${channels.length} pictures to docs/pictures.`)
}).pipe(Effect.scoped, NodeRuntime.runMain)
