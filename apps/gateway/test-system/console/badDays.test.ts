/**
 * Bad days: a gateway that is down, slow or full, a wrong clock, many tabs, and a list that changes while it is read.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Page } from "playwright-core"
import * as InProcess from "../../test/harness/inProcess.ts"
import { make, SharedHarness } from "../../test/harness/gateway.ts"
import { checkPage, Chromium, visit } from "./harness/browser.ts"

const InProcessHarness = Layer.effect(SharedHarness, make({}, InProcess.start))

const raise = Effect.fnUntraced(function* (source: string, ids: ReadonlyArray<string>) {
  const { request } = yield* SharedHarness
  const startedAt = new Date().toISOString()
  const { status, text } = yield* request(
    "POST",
    "/v1/alerts",
    ids.map((id) => ({ source, id, state: "raised", startedAt, rule: { name: `${source} ${id}` } }))
  )
  assert.strictEqual(status, 202, text)
})

const numbered = (count: number, prefix = "") => Array.from({ length: count }, (_, n) => `${prefix}${n}`)

describe("Bad days", () => {
  layer(Layer.merge(InProcessHarness, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("an empty gateway shows how to get started, and ticks off completed steps", () =>
      Effect.gen(function* () {
        const { request, slackUrl } = yield* SharedHarness
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open("/alerts")
          await page.getByRole("heading", { name: "Get started" }).waitFor()
          await page.getByText("live", { exact: true }).waitFor()
          await page.getByText(`curl -sS ${new URL(page.url()).origin}/v1/alerts`).waitFor()
          await checkPage(visitor, "an empty gateway")
          assert.strictEqual(await page.getByText("Done").count(), 0)
        })
        const settings = { url: `${slackUrl}/services/T0/B0/first` }
        yield* request("POST", "/v1/integrations", { id: "first", name: "First", type: "slack", settings })
        yield* Effect.promise(() => page.getByText("Done").first().waitFor())
        yield* raise("first", ["1"])
        yield* Effect.promise(() => page.getByRole("link", { name: "first 1" }).waitFor())
      })
    )

    it.effect("offers new rows while a list is read, and moves nothing", () =>
      Effect.gen(function* () {
        yield* raise("filled", numbered(60))
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        const table = page.getByRole("table", { name: "Alerts" })
        const top = () => table.evaluate((table) => [table.scrollTop, table.querySelector("a")?.textContent])
        const before = yield* Effect.promise(async () => {
          await visitor.open("/alerts?source=filled")
          await page.getByRole("link", { name: "filled 59" }).waitFor()
          await page.getByText("live", { exact: true }).waitFor()
          await table.evaluate((table) => table.scrollTo(0, 400))
          await page.getByRole("link", { name: "filled 45" }).waitFor()
          return top()
        })
        yield* raise("filled", numbered(12, "new "))
        yield* Effect.promise(async () => {
          await page.getByRole("button", { name: "12 new" }).waitFor()
          assert.deepStrictEqual(await top(), before)
          await checkPage(visitor, "12 new")
          await page.getByRole("button", { name: "12 new" }).click()
          await page.getByRole("link", { name: "filled new 11" }).waitFor()
        })
      })
    )

    it.effect("twelve tabs share one event stream, and another tab takes over when its tab is closed", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const tabs = [visitor.page]
        const readers: Array<Page> = []
        visitor.context.on("request", (request) => {
          if (request.url().endsWith("/v1/events")) readers.push(request.frame().page())
        })
        yield* Effect.promise(async () => {
          await visitor.open("/alerts?source=tabs")
          for (let more = 1; more < 12; more++) {
            const tab = await visitor.tab()
            await tab.goto(visitor.url("/alerts?source=tabs"))
            tabs.push(tab)
          }
          for (const tab of tabs) await tab.getByText("live", { exact: true }).waitFor()
          assert.lengthOf(readers, 1)
        })
        yield* raise("tabs", ["1"])
        yield* Effect.promise(async () => {
          for (const tab of tabs) await tab.getByRole("link", { name: "tabs 1" }).waitFor()
          await readers[0]?.close()
        })
        yield* raise("tabs", ["2"])
        yield* Effect.promise(async () => {
          const left = tabs.filter((tab) => tab !== readers[0])
          assert.lengthOf(left, 11)
          for (const tab of left) await tab.getByRole("link", { name: "tabs 2" }).waitFor()
          assert.lengthOf(readers, 2)
        })
        assert.deepStrictEqual(visitor.complaints, [])
      })
    )

    it.effect("keeps showing the page while the gateway is away, and updates again without a reload", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const visitor = yield* visit(harness)
        const { page } = visitor
        yield* raise("restart", ["before"])
        yield* Effect.promise(async () => {
          await visitor.open("/alerts?source=restart")
          await page.getByRole("link", { name: "restart before" }).waitFor()
          await page.getByText("live", { exact: true }).waitFor()
        })
        const { port } = new URL(harness.gateway().url)
        yield* harness.gateway().stop("SIGTERM")
        yield* Effect.promise(async () => {
          await page.getByText(/^(reconnecting|offline since)/).waitFor()
          await page.getByRole("link", { name: "restart before" }).waitFor()
          await page.getByText(/^offline since \d/).waitFor()
          await checkPage(visitor, "offline")
        })
        yield* harness.startWith({ TOCSIN_PORT: port })
        yield* raise("restart", ["after"])
        yield* Effect.promise(async () => {
          await page.getByText("live", { exact: true }).waitFor()
          await page.getByRole("link", { name: "restart after" }).waitFor()
        })
      })
    )

    it.effect("explains that the store is full or unreachable, and keeps the form's input", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        const problem = {
          type: "about:blank",
          status: 503,
          title: "The store is not available",
          detail: "The disk is full."
        }
        yield* Effect.promise(async () => {
          let isFull = true
          await page.route("**/v1/rules", async (route) =>
            isFull && route.request().method() === "POST"
              ? route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(problem) })
              : route.continue()
          )
          await visitor.open("/alert-settings?rule=new")
          const name = page.getByRole("textbox", { name: "Name", exact: true })
          await name.fill("Kept")
          await name.press("Enter")
          await page.getByRole("alert").filter({ hasText: "The disk is full." }).waitFor()
          await checkPage(visitor, "a full store")
          assert.strictEqual(await name.inputValue(), "Kept")
          isFull = false
          await name.press("Enter")
          await page.getByRole("status").filter({ hasText: "Saved" }).waitFor()
        })
      })
    )

    it.effect("shows a skeleton while the page's script and its list are slow, and retries after a 503", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          let refusals = 2
          let release = () => {}
          const held = new Promise<void>((resolve) => (release = resolve))
          await page.route("**/v1/rules?*", async (route) => {
            await held
            if (refusals-- > 0) return route.fulfill({ status: 503, contentType: "text/plain", body: "away" })
            return route.continue()
          })
          const script = Promise.withResolvers<void>()
          await page.route(/\/assets\/AlertSettings-[^/]*\.js$/, async (route) => {
            await script.promise
            await route.continue()
          })
          const shown = async () => {
            const places = [
              page.getByRole("heading", { name: "Alert settings", level: 1 }),
              page.locator(".skeleton").first(),
              page.locator(".skeleton").last()
            ]
            return Promise.all(places.map((place) => place.boundingBox()))
          }
          await visitor.open("/alert-settings")
          await page.locator(".skeleton").first().waitFor()
          assert.strictEqual(await page.title(), "Alert settings - Tocsin")
          await checkPage(visitor, "loading the script")
          const before = await shown()
          const asked = page.waitForRequest("**/v1/rules?*")
          script.resolve()
          await asked
          assert.deepStrictEqual(await shown(), before)
          await checkPage(visitor, "loading")
          release()
          await page.getByRole("alert").filter({ hasText: "cannot reach its store" }).waitFor()
          await page.getByRole("button", { name: "Kept", exact: true }).waitFor()
          assert.strictEqual(await page.getByRole("alert").count(), 0)
        })
      })
    )

    it.effect("a browser whose clock is an hour off shows the gateway's time", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { context, page } = visitor
        yield* raise("clock", ["now"])
        yield* Effect.promise(async () => {
          await context.addInitScript(() => {
            const Real = Date
            const late = () => Real.now() - 3_600_000
            globalThis.Date = class extends Real {
              constructor(...parts: Array<never>) {
                if (parts.length === 0) super(late())
                else super(...(parts as unknown as [number]))
              }
              static override now = late
            } as DateConstructor
          })
          await visitor.open("/alerts?source=clock")
          await page.getByRole("link", { name: "clock now" }).click()
          await page.getByText(/^Raised .*, \d+ (ms|sec|min)/).waitFor()
        })
      })
    )

    it.effect("two people who edit one rule: the later save is refused and shows both versions", () =>
      Effect.gen(function* () {
        const { request } = yield* SharedHarness
        yield* request("POST", "/v1/rules", { id: "shared", name: "Shared", match: {}, integrations: [] })
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open("/alert-settings?rule=shared&tab=Match")
          await page.getByRole("textbox", { name: "Name", exact: true }).fill("Mine")
        })
        yield* request("PUT", "/v1/rules/shared", { name: "Theirs", match: {}, integrations: [] })
        yield* Effect.promise(async () => {
          await page.getByRole("textbox", { name: "Name", exact: true }).press("Enter")
          await page.getByRole("alert").filter({ hasText: "Someone else edited this" }).waitFor()
          await page.getByRole("row", { name: "Name Mine Theirs" }).waitFor()
          await checkPage(visitor, "both versions")
          await page.getByRole("button", { name: "Take theirs" }).click()
          const name = page.getByRole("textbox", { name: "Name", exact: true })
          assert.strictEqual(await name.inputValue(), "Theirs")
          await name.fill("Agreed")
          await name.press("Enter")
          await page.getByRole("status").filter({ hasText: "Saved" }).waitFor()
          await page.getByRole("button", { name: "Agreed", exact: true }).waitFor()
        })
      })
    )
  })
})
