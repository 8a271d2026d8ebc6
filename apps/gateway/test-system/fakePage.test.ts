import { assert, describe, it } from "@effect/vitest"
import type { Notification } from "@tocsin/core"
import { client, FakePage, FakeServer, type FakeService } from "@tocsin/core/fakes"
import { samples } from "@tocsin/core/testing"
import { HipChat } from "@tocsin/plugin-hipchat"
import { FakeHipChat } from "@tocsin/plugin-hipchat/testing"
import { Slack } from "@tocsin/plugin-slack"
import { FakeSlack } from "@tocsin/plugin-slack/testing"
import { Effect, Schema } from "effect"
import { HttpClient } from "effect/http"
import { fileURLToPath } from "node:url"
import { chromium } from "playwright-core"

const browser = Effect.acquireRelease(
  Effect.promise(() =>
    chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] })
  ),
  (browser) => Effect.promise(() => browser.close())
)

/** A tab with the page, and all that the browser complains of or asks of others. */
const open = Effect.fnUntraced(function* (url: string, colorScheme: "light" | "dark" = "light") {
  const chromium = yield* browser
  const tab = yield* Effect.promise(() => chromium.newPage({ colorScheme, viewport: { width: 900, height: 1000 } }))
  const complaints: Array<string> = []
  tab.on("console", (message) => complaints.push(message.text()))
  tab.on("pageerror", (error) => complaints.push(error.message))
  tab.on("dialog", (dialog) => {
    complaints.push(dialog.message())
    void dialog.dismiss()
  })
  tab.on("request", (request) => {
    if (!request.url().startsWith(url)) complaints.push(request.url())
  })
  yield* Effect.promise(() => tab.goto(url))
  return { tab, complaints }
})

const toSlack = (fake: FakeSlack, notification: Notification) =>
  Effect.gen(function* () {
    const slack = yield* Slack
    const settings = Schema.decodeUnknownSync(Schema.toCodecJson(Slack.settings))(
      fake.settings("https://slack.example")
    )
    yield* slack.deliver({ ...settings, channel: "#ops" }, notification, { form: "rich", deliveryId: "delivery-1" })
  }).pipe(Effect.provide(Slack.layer), Effect.provideService(HttpClient.HttpClient, client(fake)))

const toHipChat = (fake: FakeHipChat, notification: Notification) =>
  Effect.gen(function* () {
    const hipChat = yield* HipChat
    const settings = Schema.decodeUnknownSync(Schema.toCodecJson(HipChat.settings))(fake.settings("https://hc.example"))
    yield* hipChat.deliver(settings, notification, { form: "rich", deliveryId: "delivery-1" })
  }).pipe(Effect.provide(HipChat.layer), Effect.provideService(HttpClient.HttpClient, client(fake)))

const { Cleared, Digest, Raised } = samples.notifications

const hostile = `<script>alert(1)</script><img src=x onerror=alert(2)><b>&amp;"'`
const Hostile: Notification = {
  ...Raised,
  alert: { ...Raised.alert, rule: { name: hostile }, summary: hostile }
}

describe("The page of a fake, in a browser", () => {
  const shownAsText = Effect.fnUntraced(function* (fake: FakeService) {
    const { complaints, tab } = yield* open(yield* FakeServer.serve(FakePage.withPage(fake)))
    assert.include(yield* Effect.promise(() => tab.innerText("article")), hostile)
    assert.strictEqual(yield* Effect.promise(() => tab.locator("article script, article img").count()), 0)
    const bar = tab.locator(".accent")
    assert.strictEqual(yield* Effect.promise(() => bar.evaluate((bar) => getComputedStyle(bar).width)), "4px")
    assert.deepStrictEqual(complaints, [])
  })

  it.live("shows untrusted text in Slack as text, and violates no content security policy", () =>
    Effect.gen(function* () {
      const fake = new FakeSlack()
      yield* toSlack(fake, Hostile)
      yield* shownAsText(fake)
    })
  )

  it.live("shows untrusted text in HipChat as text", () =>
    Effect.gen(function* () {
      const fake = new FakeHipChat({ token: "token" })
      yield* toHipChat(fake, Hostile)
      yield* shownAsText(fake)
    })
  )

  it.live("shows new messages without a reload, and misbehaves at the press of a button", () =>
    Effect.gen(function* () {
      const fake = new FakeSlack()
      const { complaints, tab } = yield* open(yield* FakeServer.serve(FakePage.withPage(fake)))
      assert.include(yield* Effect.promise(() => tab.innerText("main")), "Nothing was posted yet")
      yield* toSlack(fake, Raised)
      yield* Effect.promise(() => tab.getByText("Raised: HTTP errors on checkout-eu").waitFor())
      yield* Effect.promise(() => tab.getByRole("button", { name: "archived" }).click())
      yield* Effect.promise(() => tab.getByRole("button", { name: "archived", pressed: true }).waitFor())
      assert.strictEqual(fake.behaviour, "archived")
      assert.deepStrictEqual(complaints, [])
    })
  )

  /** `UPDATE_SCREENSHOTS=1` writes the pictures of the docs anew. */
  it.live.each([
    ["light", "rgb(0, 0, 0)"],
    ["dark", "rgb(255, 255, 255)"]
  ] as const)("is written for a reader who wants it %s", ([scheme, ink]) =>
    Effect.gen(function* () {
      const fake = new FakeSlack()
      for (const notification of [Raised, Cleared, Digest]) yield* toSlack(fake, notification)
      const { complaints, tab } = yield* open(yield* FakeServer.serve(FakePage.withPage(fake)), scheme)
      const body = tab.locator("body")
      assert.strictEqual(yield* Effect.promise(() => body.evaluate((body) => getComputedStyle(body).color)), ink)
      assert.deepStrictEqual(complaints, [])
      if (process.env["UPDATE_SCREENSHOTS"] === undefined) return
      const path = fileURLToPath(new URL(`../../../docs/pictures/fake-slack-${scheme}.png`, import.meta.url))
      yield* Effect.promise(() => tab.screenshot({ path }))
    })
  )
})
