/**
 * Every page, dialog and state in light and dark, at 360 px and with forced colours: nobody is shut out.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as InProcess from "../../test/harness/inProcess.ts"
import { make, SharedHarness } from "../../test/harness/gateway.ts"
import type { Page } from "playwright-core"
import { checkPage, Chromium, type Look, visit, type Visitor } from "./harness/browser.ts"
import { seed } from "./harness/seed.ts"

const SeededHarness = Layer.effect(
  SharedHarness,
  Effect.tap(make({}, InProcess.start), (harness) => seed(harness))
)

const looks: ReadonlyArray<readonly [name: string, look: Look]> = [
  ["light", {}],
  ["dark", { colorScheme: "dark" }],
  ["1024 px wide", { width: 1024 }],
  ["360 px wide", { width: 360 }],
  ["360 px wide and dark", { width: 360, colorScheme: "dark" }],
  ["forced colours", { forcedColors: "active" }]
]

/** Opens a page, and waits until nothing of it is a skeleton. */
const open = async ({ open, page }: Visitor, path: string, heading: string) => {
  await open(path)
  await page.getByRole("heading", { name: heading, level: 1 }).waitFor()
  await page.locator(".skeleton").first().waitFor({ state: "detached" })
}

/** The cells of lists that are wider than what is in sight of them. */
const cutOff = (page: Page) =>
  page.evaluate(() =>
    Array.from(document.querySelectorAll(".long-list"))
      .filter(({ clientWidth, scrollWidth }) => scrollWidth > clientWidth)
      .map(({ className, clientWidth, scrollWidth }) => `${className}: ${scrollWidth} px in ${clientWidth} px`)
  )

describe("The console's looks", () => {
  layer(Layer.merge(SeededHarness, Chromium.layer), { excludeTestServices: true })((it) => {
    for (const [name, look] of looks) {
      it.effect(`every page in ${name}`, () =>
        Effect.gen(function* () {
          const visitor = yield* visit(yield* SharedHarness, look)
          const { page } = visitor
          const pages = {
            Alerts: "/alerts",
            Deliveries: "/deliveries",
            Integrations: "/integrations",
            "Alert settings": "/alert-settings",
            Sources: "/sources",
            Lanes: "/lanes",
            Access: "/access",
            "Not found": "/nowhere"
          }
          yield* Effect.promise(async () => {
            for (const [heading, path] of Object.entries(pages)) {
              await open(visitor, path, heading)
              await checkPage(visitor, heading)
              assert.strictEqual(await page.getByRole("alert").count(), 0, heading)
              assert.deepStrictEqual(await cutOff(page), [], heading)
              assert.strictEqual(await page.title(), `${heading} - Tocsin`)
              if (heading === "Integrations") {
                const name = await page.getByRole("heading", { level: 1 }).boundingBox()
                const add = await page.getByRole("button", { name: "Add new integration" }).boundingBox()
                assert.isBelow(add?.y ?? Infinity, (name?.y ?? 0) + (name?.height ?? 0), "beside the heading")
              }
              assert.strictEqual(await page.getByRole("heading", { level: 1 }).count(), 1, heading)
            }
            await open(visitor, "/alerts", "Alerts")
            await page.getByRole("table", { name: "Alerts" }).getByRole("link").first().click()
            await page.getByRole("table", { name: "Who was notified" }).waitFor()
            await page.getByRole("list", { name: "Timeline" }).getByRole("listitem").first().waitFor()
            assert.strictEqual(await page.getByRole("alert").count(), 0, "one alert")
            await checkPage(visitor, "one alert")
          })
        })
      )
    }

    it.effect("the list of alerts with text of 200% at 320 px: nothing covers anything else", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness, { width: 320 })
        const { page } = visitor
        yield* Effect.promise(async () => {
          await open(visitor, "/alerts?state=all", "Alerts")
          await page.evaluate(() => void (document.documentElement.style.fontSize = "200%"))
          const [beside, filters, list] = await page.evaluate(() =>
            [".beside", ".filters", ".alerts-list"].map((selector) => {
              const box = document.querySelector(selector)?.getBoundingClientRect()
              return { top: box?.top ?? 0, bottom: box?.bottom ?? 0 }
            })
          )
          assert.isAtMost(beside?.bottom ?? Infinity, filters?.top ?? 0)
          assert.isAtMost(filters?.bottom ?? Infinity, list?.top ?? 0)
          assert.isAbove((list?.bottom ?? 0) - (list?.top ?? 0), 100)
        })
      })
    )

    it.effect("a time in the list of alerts is exact under the pointer, and a click there opens the alert", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await open(visitor, "/alerts", "Alerts")
          await page.getByText("live", { exact: true }).waitFor()
          const time = page.getByRole("table", { name: "Alerts" }).locator("time").first()
          const box = await time.boundingBox()
          const [x, y] = [(box?.x ?? 0) + 4, (box?.y ?? 0) + 4]
          await page.mouse.move(x, y)
          await page.getByRole("tooltip").waitFor()
          assert.strictEqual(await page.getByRole("tooltip").textContent(), await time.getAttribute("data-exact"))
          await page.mouse.move(x - 250, y)
          await page.getByRole("tooltip").waitFor({ state: "detached" })
          await page.mouse.move(x, y)
          await page.getByRole("tooltip").waitFor()
          await page.keyboard.press("Escape")
          await page.getByRole("tooltip").waitFor({ state: "detached" })
          await page.mouse.move(x + 1, y)
          assert.strictEqual(await page.getByRole("tooltip").count(), 0)
          await page.mouse.move(x - 250, y)
          await page.mouse.move(x, y)
          await page.getByRole("tooltip").waitFor()
          await page.mouse.click(x, y)
          await page.getByRole("table", { name: "Who was notified" }).waitFor()
          assert.strictEqual(await page.getByRole("tooltip").count(), 0)
        })
      })
    )

    it.effect("nothing moves while a page is loaded", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness, { width: 360 })
        const { page } = visitor
        yield* Effect.promise(async () => {
          await page.addInitScript(() => {
            const moved: Array<number> = []
            Object.assign(globalThis, { moved })
            new PerformanceObserver((list) => {
              for (const entry of list.getEntries()) {
                // The word in the head of the page changes from "connecting" to "live".
                if ("value" in entry && Number(entry.value) > 0.002) moved.push(Number(entry.value))
              }
            }).observe({ type: "layout-shift", buffered: true })
          })
          await open(visitor, "/alerts", "Alerts")
          const alert = await page.getByRole("table", { name: "Alerts" }).getByRole("link").first().getAttribute("href")
          const pages = {
            Alerts: "/alerts",
            Deliveries: "/deliveries",
            Integrations: "/integrations",
            "Alert settings": "/alert-settings",
            Sources: "/sources",
            Lanes: "/lanes",
            Access: "/access",
            "Alert settings with an open rule": "/alert-settings?rule=major",
            "": `${alert?.replace("/console", "")}`
          }
          for (const [heading, path] of Object.entries(pages)) {
            await open(visitor, path, heading.replace(/ with .*/, ""))
            await page.getByText("live", { exact: true }).waitFor()
            await page.locator("[aria-busy]").first().waitFor({ state: "detached" })
            assert.deepStrictEqual(await page.evaluate("moved"), [], path)
          }
        })
      })
    )

    it.effect("filters stand in one row at 1280 px, and stay where they are when nothing fits them", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        const places = () =>
          page.evaluate(() =>
            ["h1", ".words", ".field.inline"].map((selector) => {
              const box = document.querySelector(selector)?.getBoundingClientRect()
              return [selector, box?.top, box?.height]
            })
          )
        yield* Effect.promise(async () => {
          await open(visitor, "/alerts", "Alerts")
          await page.getByText("live", { exact: true }).waitFor()
          assert.isBelow(await page.evaluate(() => document.querySelector(".filters")?.clientHeight ?? Infinity), 40)
          await open(visitor, "/alerts?severity=critical", "Alerts")
          await page.getByRole("table", { name: "Alerts" }).getByRole("link").first().waitFor()
          const before = await places()
          await open(visitor, "/alerts?text=nothing+has+this+text", "Alerts")
          await page.getByText("No alert fits these filters").waitFor()
          assert.deepStrictEqual(await places(), before)
          await checkPage(visitor, "a list without rows")
        })
      })
    )

    it.effect("on a phone, what belongs together begins at one line, and a short question is a card", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness, { width: 390 })
        const { page } = visitor
        /** Where the content of each of them begins. */
        const lefts = (...selectors: ReadonlyArray<string>) =>
          page.evaluate(
            (selectors) =>
              new Set(
                selectors.map((selector) => {
                  const element = document.querySelector(selector)
                  if (element === null) return `no ${selector}`
                  return element.getBoundingClientRect().left + Number.parseFloat(getComputedStyle(element).paddingLeft)
                })
              ).size,
            selectors
          )
        yield* Effect.promise(async () => {
          await open(visitor, "/alerts", "Alerts")
          await page.getByRole("table", { name: "Alerts" }).getByRole("link").first().click()
          await page.getByRole("link", { name: "View at the start" }).waitFor()
          assert.strictEqual(await lefts("h1", ".page-head > .page-actions"), 1)
          await open(visitor, "/integrations", "Integrations")
          await page.getByRole("button", { name: "Delete Ops room" }).click()
          await page.getByRole("alertdialog", { name: "Delete Ops room" }).waitFor()
          assert.strictEqual(await lefts(".dialog-head", ".dialog-body", ".dialog-foot"), 1)
          const [card, window] = await page.evaluate(() => [
            document.querySelector(".modal")?.clientHeight ?? 0,
            innerHeight
          ])
          assert.isBelow(card ?? 0, (window ?? 0) / 2)
          await page.keyboard.press("Escape")
          await page.getByRole("button", { name: "Edit Ops room" }).click()
          await page.getByRole("tab", { name: "Raised", exact: true }).waitFor()
          assert.strictEqual(
            await lefts(".dialog-head", ".integration-fields", ".preview-pane", ".integration-foot"),
            1
          )
        })
      })
    )

    it.effect("dialogs and forms, complete, incomplete and refused", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await open(visitor, "/alert-settings?rule=major", "Alert settings")
          await page.getByRole("checkbox", { name: "Send when clears" }).waitFor()
          await checkPage(visitor, "Notifications")
          await page.getByRole("button", { name: "Edit integrations" }).click()
          await page.getByRole("dialog").waitFor()
          await checkPage(visitor, "the list of integrations")
          await page.getByRole("button", { name: "Add new integration" }).click()
          await page.getByRole("dialog", { name: "Add new integration" }).waitFor()
          await checkPage(visitor, "an empty form")
          await page.getByRole("button", { name: /Type$/ }).click()
          await page.getByRole("listbox").waitFor()
          await checkPage(visitor, "the types")
          await page.getByRole("option", { name: "Slack" }).click()
          await page.getByRole("tab", { name: "RaisedAndCleared" }).click()
          await page.getByRole("button", { name: "More settings" }).click()
          await page.getByRole("button", { name: "The request" }).click()
          await checkPage(visitor, "a form with all of it open")
          await page.getByRole("textbox", { name: "Name", exact: true }).fill("Broken")
          await page.getByRole("textbox", { name: "URL", exact: true }).fill("no address")
          await page.getByRole("textbox", { name: "URL", exact: true }).press("Enter")
          await page.getByRole("alert").waitFor()
          await checkPage(visitor, "a refused form")
          const url = page.getByRole("textbox", { name: "URL", exact: true })
          assert.strictEqual(await url.getAttribute("aria-invalid"), "true")
          assert.isTrue(await url.evaluate((field) => field === document.activeElement))
          assert.strictEqual(await url.inputValue(), "no address")
          assert.match((await page.getByRole("alert").textContent()) ?? "", /1 thing needs your attention/)
          await page.keyboard.press("Escape")
          await page.getByRole("alertdialog", { name: "Discard your changes?" }).waitFor()
          await checkPage(visitor, "discarding")
          await page.getByRole("button", { name: "Keep editing" }).click()
          assert.strictEqual(await url.inputValue(), "no address")
          await open(visitor, "/integrations?edit=room", "Integrations")
          await page.getByRole("button", { name: "Replace Auth token" }).waitFor()
          await checkPage(visitor, "an integration that is edited")
          await page.getByRole("button", { name: "Send a test" }).click()
          await page.getByText("Cleared: Delivered").waitFor()
          await checkPage(visitor, "a test")
          await open(visitor, "/integrations", "Integrations")
          await page.getByRole("button", { name: "Delete Ops room" }).click()
          await page.getByRole("alertdialog", { name: "Delete Ops room" }).waitFor()
          await page
            .getByText(/^The rule .* (keeps|is left)/)
            .first()
            .waitFor()
          await checkPage(visitor, "deleting")
          await page.keyboard.press("Escape")
          await open(visitor, "/lanes", "Lanes")
          await page.getByRole("button", { name: "Pause Ops room" }).click()
          await page.getByRole("textbox", { name: "Reason" }).fill("The room is renamed")
          await checkPage(visitor, "pausing")
          await page.keyboard.press("Escape")
          await page.getByRole("button", { name: "Keep editing" }).click()
          await page.getByRole("textbox", { name: "Reason" }).press("Enter")
          await page.getByText(/Paused by .*: The room is renamed/).waitFor()
          await page.getByRole("button", { name: "Resume Ops room" }).click()
          await page.getByRole("textbox", { name: "Reason" }).fill("It has its new name")
          await page.keyboard.press("Enter")
          await page.getByRole("button", { name: "Pause Ops room" }).waitFor()
          await page.keyboard.press("Control+k")
          await page.getByRole("dialog", { name: "Go to" }).waitFor()
          await page.keyboard.type("checkout")
          await page.getByRole("option", { name: /The checkout/ }).waitFor()
          await checkPage(visitor, "Go to")
          await page.keyboard.press("Enter")
          await page.getByRole("heading", { name: "Alert settings", level: 1 }).waitFor()
        })
      })
    )

    it.effect("the list of alerts by the keyboard: its ends, its rows, and what a screen reader counts", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await open(visitor, "/alerts?state=all", "Alerts")
          const table = page.getByRole("table", { name: "Alerts" })
          const rows = Number(await table.getAttribute("aria-rowcount"))
          assert.isAbove(rows, 20)
          await table.focus()
          await page.keyboard.press("End")
          await page.locator(`[aria-rowindex="${rows}"]`).waitFor()
          await page.keyboard.press("Home")
          await page.locator('[aria-rowindex="2"]').waitFor()
          await page.keyboard.press("ArrowDown")
          await page.locator('[aria-rowindex="2"] a:focus').waitFor()
          await page.keyboard.press("ArrowDown")
          await page.locator('[aria-rowindex="3"] a:focus').waitFor()
          assert.match((await page.getByRole("tooltip").textContent()) ?? "", /\d\.\d{3}.*GMT/)
          await page.keyboard.press("Enter")
          await page.getByRole("table", { name: "Who was notified" }).waitFor()
          await page.goBack()
          await table.waitFor()
          assert.match(page.url(), /state=all/)
        })
      })
    )
  })
})
