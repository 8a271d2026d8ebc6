/**
 * The first rows of the list of alerts, which are drawn before the application and its libraries are loaded.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Page } from "playwright-core"
import * as InProcess from "../../test/harness/inProcess.ts"
import { make, SharedHarness } from "../../test/harness/gateway.ts"
import { checkPage, Chromium, visit } from "./harness/browser.ts"

const InProcessHarness = Layer.effect(SharedHarness, make({}, InProcess.start))

const raise = Effect.fnUntraced(function* (count: number) {
  const { request } = yield* SharedHarness
  const startedAt = new Date().toISOString()
  const alerts = Array.from({ length: count }, (_, n) => ({
    source: "first",
    id: `${n}`,
    state: "raised",
    severity: n % 2 === 0 ? "critical" : "minor",
    startedAt,
    rule: { name: `Rule <b>${n}</b>` },
    ...(n % 3 === 0 && { test: { name: "Test" } })
  }))
  const { status, text } = yield* request("POST", "/v1/alerts", alerts)
  assert.strictEqual(status, 202, text)
})

/** Holds back what is at this address until it is released. */
const hold = async (page: Page, address: string | RegExp) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  await page.route(address, async (route) => {
    await promise
    await route.continue()
  })
  return resolve
}

const holdApplication = (page: Page) => hold(page, /\/assets\/index-[^/]*\.js$/)

/** Where each text of the page is, without what only the application knows. */
const places = (page: Page) =>
  page.evaluate(() =>
    Array.from(document.querySelectorAll("#root *"), (element) => {
      if (element.childElementCount > 0 || element.textContent === "") return ""
      const { height, width, x, y } = element.getBoundingClientRect()
      if (y > innerHeight - 40 || element.closest(".live-word, .filters-rest, [role=status]") !== null) return ""
      return [element.textContent, x, y, width, height].join(" ")
    }).filter((place) => place !== "")
  )

/** The elements of the page, without what only the application knows: the stream's state, choices of filters, the clock. */
const elements = (page: Page) =>
  page.evaluate(() => {
    const copy = document.getElementById("root")?.cloneNode(true)
    if (!(copy instanceof HTMLElement)) return []
    for (const part of copy.querySelectorAll(".live-word, .filters-rest, [aria-live], svg rect")) part.remove()
    for (const row of copy.querySelectorAll("[aria-rowindex]")) {
      // Below the window the application draws some rows more or fewer.
      if (Number(row.getAttribute("aria-rowindex")) > 20) row.remove()
    }
    const left = ["inert", "readonly", "disabled", "id", "value", "checked", "data-react-aria-pressable"]
    return Array.from(copy.querySelectorAll("*"), (element) => {
      const attributes = Array.from(element.attributes, ({ name, value }) => `${name}=${value.trim()}`)
        .filter((attribute) => !left.some((name) => attribute.startsWith(`${name}=`)))
        .filter((attribute) => element.tagName !== "BUTTON" || !attribute.startsWith("tabindex="))
        .sort()
      return [element.tagName, ...attributes, element.childElementCount === 0 ? element.textContent : ""].join(" ")
    })
  })

describe("The first rows", () => {
  layer(Layer.merge(InProcessHarness, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("are on screen before the application is loaded, and look the same afterwards", () =>
      Effect.gen(function* () {
        yield* raise(120)
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          const release = await holdApplication(page)
          await visitor.open("/alerts")
          await page.getByRole("link", { name: "Rule <b>119</b>" }).waitFor()
          assert.strictEqual(await page.getByRole("table", { name: "Alerts" }).getAttribute("aria-rowcount"), "121")
          await checkPage(visitor, "the first rows")
          const before = await elements(page)
          release()
          await page.getByText("live", { exact: true }).waitFor()
          assert.deepStrictEqual(await elements(page), before)
        })
      })
    )

    it.effect("are of the filters in the address", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          const release = await holdApplication(page)
          await visitor.open("/alerts?severity=minor&text=Rule")
          await page.getByRole("link", { name: "Rule <b>119</b>" }).waitFor()
          assert.strictEqual(await page.getByRole("table", { name: "Alerts" }).getAttribute("aria-rowcount"), "61")
          release()
          await page.getByText("live", { exact: true }).waitFor()
          await page.getByText("60 active").waitFor()
        })
      })
    )

    for (const width of [1280, 360]) {
      it.effect(`are in the page itself on the next visit, where the application puts them, at ${width} px`, () =>
        Effect.gen(function* () {
          const visitor = yield* visit(yield* SharedHarness, { width })
          const { page } = visitor
          yield* Effect.promise(async () => {
            await visitor.open("/alerts")
            await page.getByText("live", { exact: true }).waitFor()
            if (width < 600) await page.getByRole("button", { name: "Menu" }).click()
            await page.getByRole("radio", { name: "Dark theme" }).check({ force: true })
            const release = await hold(page, /\/assets\/(later|first)-[^/]*\.js$/)
            await page.goto(visitor.url("/alerts"), { waitUntil: "commit" })
            await page.getByRole("link", { name: "Rule <b>119</b>" }).waitFor()
            assert.strictEqual(await page.getByRole("table", { name: "Alerts" }).getAttribute("aria-rowcount"), "121")
            assert.strictEqual(await page.evaluate(() => document.documentElement.dataset["theme"]), "dark")
            // Nothing of the page was on screen before the rows were in it.
            assert.strictEqual(
              await page.locator('link[rel="expect"][blocking="render"]').getAttribute("href"),
              "#root"
            )
            await checkPage(visitor, "the first rows as HTML")
            const before = await places(page)
            assert.isAbove(before.length, 50)
            release()
            await page.getByText("live", { exact: true }).waitFor()
            assert.deepStrictEqual(await places(page), before)
          })
        })
      )
    }

    it.effect("are drawn again if the browser has changed since the last visit", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { context, page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open("/alerts")
          await page.getByText("live", { exact: true }).waitFor()
          const kept = async () => (await context.cookies()).find(({ name }) => name === "tocsin_reader")?.value ?? ""
          const here = await kept()
          assert.include(here, "timeZone=Europe%2FBerlin")
          for (const then of [
            here.replace("Europe%2FBerlin", "Asia%2FKolkata"),
            here.replace("en-US", "no language")
          ]) {
            await page.evaluate((then) => (document.cookie = `tocsin_reader=${then}; path=/console`), then)
            const release = await holdApplication(page)
            await visitor.open("/alerts")
            await page.waitForFunction(() => /GMT\+[12]$/.test(document.querySelector("time")?.dataset["exact"] ?? ""))
            await page.waitForFunction((here) => document.cookie.includes(here), here)
            release()
            await page.getByText("live", { exact: true }).waitFor()
          }
        })
      })
    )

    it.effect("hand the focus, the keys that were pressed and the answer in the page to the application", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        const reads: Array<string> = []
        page.on("request", (request) => {
          if (request.url().includes("/v1/alerts?") && !request.url().endsWith("limit=1")) reads.push(request.url())
        })
        yield* Effect.promise(async () => {
          // Without the stream nothing is read a second time.
          await page.route("**/v1/events", (route) => route.abort())
          const release = await holdApplication(page)
          await visitor.open("/")
          const table = page.getByRole("table", { name: "Alerts" })
          await table.focus()
          await page.keyboard.press("End")
          release()
          await page.getByRole("link", { name: "Rule <b>0</b>" }).waitFor()
          const focused = await page.evaluate(() => document.activeElement?.getAttribute("role"))
          assert.strictEqual(focused, "table")
          assert.strictEqual(new URL(page.url()).pathname, "/console/alerts")
          await page.getByRole("button", { name: "Not notified" }).waitFor()
          assert.deepStrictEqual(
            reads.filter((url) => !url.includes("oldest")),
            []
          )
        })
      })
    )

    it.effect("are not drawn once the application loads", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          const releaseList = await hold(page, "**/v1/alerts?*")
          const releaseSession = await hold(page, "**/v1/session")
          const asked = page.waitForRequest("**/v1/session")
          await visitor.open("/alerts?text=Rule")
          await asked
          const answered = page.waitForResponse("**/v1/alerts?*")
          releaseList()
          await (await answered).finished()
          releaseSession()
          await page.getByText("live", { exact: true }).first().waitFor()
          assert.strictEqual(await page.locator(".shell").count(), 1)
        })
      })
    )

    it.effect("are not waited for when the gateway is slow", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          const { promise, resolve } = Promise.withResolvers<void>()
          await page.route("**/v1/alerts?*", async (route) => {
            await promise
            await route.continue()
          })
          await visitor.open("/alerts?text=Rule")
          await page.getByRole("heading", { name: "Alerts", level: 1 }).waitFor()
          resolve()
          await page.getByRole("link", { name: "Rule <b>119</b>" }).waitFor()
        })
      })
    )
  })
})
