/**
 * Typed values that are not saved: nothing loses them without asking, and two people do not overwrite each other.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Page } from "playwright-core"
import { until } from "../../test/harness/gate.ts"
import { make, SharedHarness } from "../../test/harness/gateway.ts"
import * as InProcess from "../../test/harness/inProcess.ts"
import { checkPage, Chromium, visit } from "./harness/browser.ts"
import { mouse } from "./harness/walk.ts"

const InProcessHarness = Layer.effect(SharedHarness, make({}, InProcess.start))

const post = Effect.fnUntraced(function* (path: string, body: object) {
  const { request } = yield* SharedHarness
  const { status, text } = yield* request("POST", path, body)
  assert.isBelow(status, 300, text)
})

const name = (page: Page) => page.getByRole("textbox", { name: "Name", exact: true })
const discard = (page: Page) => page.getByRole("alertdialog", { name: "Discard your changes?" })

/** Stays on the page whenever the browser asks, and counts how often it did. */
const staying = (page: Page) => {
  const asked: Array<string> = []
  page.removeAllListeners("dialog")
  page.on("dialog", (dialog) => {
    asked.push(dialog.type())
    void dialog.dismiss()
  })
  return asked
}

/** Goes back in the history of the tab: the page itself asks, or leaves. */
const back = (page: Page) => page.evaluate(() => history.back())

describe("Unsaved values in the console", () => {
  layer(Layer.merge(InProcessHarness, Chromium.layer), { excludeTestServices: true })((it) => {
    for (const [of, link, add] of [
      ["an integration", "Integrations", "Add new integration"],
      ["a source", "Sources", "Add new source"],
      ["a rule", "Alert settings", "Add new rule"]
    ] as const) {
      it.effect(`${of} is not left without asking, by closing the tab or by going back, once something is typed`, () =>
        Effect.gen(function* () {
          const visitor = yield* visit(yield* SharedHarness)
          const { page } = visitor
          const asked = staying(page)
          yield* Effect.promise(async () => {
            await visitor.open("/lanes")
            await page.getByRole("link", { name: link, exact: true }).click()
            await page.getByRole("button", { name: add, exact: true }).first().click()
            await name(page).first().click()
            await page.reload()
            assert.deepStrictEqual(asked, [])
            await name(page).first().fill("typed")
            await page.evaluate(() => setTimeout(() => location.reload()))
          })
          yield* until("the browser's question", () => asked.length === 1)
          assert.deepStrictEqual(asked, ["beforeunload"])
          yield* Effect.promise(async () => {
            await back(page)
            await discard(page).getByRole("button", { name: "Keep editing" }).click()
            await discard(page).waitFor({ state: "detached" })
            assert.strictEqual(await name(page).first().inputValue(), "typed")
            await back(page)
            const isAskedAgain = await discard(page)
              .getByRole("button", { name: "Discard", exact: true })
              .evaluate((button: HTMLElement) => {
                button.click()
                return !window.dispatchEvent(new Event("beforeunload", { cancelable: true }))
              })
            assert.isFalse(isAskedAgain)
            await name(page).first().waitFor({ state: "detached" })
            await page.reload()
            await page.getByRole("heading", { level: 1 }).waitFor()
            assert.strictEqual(asked.length, 1)
          })
        })
      )
    }

    it.effect("unsaved edits of a rule are not left without asking", () =>
      Effect.gen(function* () {
        yield* post("/v1/rules", { id: "left", name: "Left rule", match: { source: "left" }, integrations: [] })
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open("/alert-settings?rule=left&tab=Notifications")
          await mouse.press(page, "checkbox", "Send when clears")
          await mouse.press(page, "tab", "Match")
          await name(page).fill("Left rule, edited")
          await mouse.press(page, "link", "Lanes")
          await discard(page).getByRole("button", { name: "Keep editing" }).click()
          await discard(page).waitFor({ state: "detached" })
          await mouse.press(page, "button", "Save")
          await page.getByRole("status").filter({ hasText: "Saved" }).waitFor()
          await mouse.press(page, "tab", "Notifications")
          await mouse.press(page, "checkbox", "Send when clears")
          await mouse.press(page, "link", "Lanes")
          await discard(page).getByRole("button", { name: "Discard", exact: true }).click()
          await page.getByRole("heading", { name: "Lanes", level: 1 }).waitFor()
        })
      })
    )

    it.effect("shows both versions from their top, after somebody else has saved", () =>
      Effect.gen(function* () {
        const { request, slackUrl } = yield* SharedHarness
        const url = `${slackUrl}/services/T0/B0/both`
        const settings = { url, channel: "#both" }
        yield* post("/v1/integrations", { id: "both", name: "Both", type: "slack", settings })
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await page.setViewportSize({ width: 1280, height: 500 })
          await visitor.open("/integrations?edit=both")
          await mouse.type(page, "Name", "Mine")
          await mouse.type(page, "Channel", "#mine")
          await mouse.press(page, "button", "Delivery")
          await page.getByRole("textbox", { name: "Deadline" }).fill("600")
        })
        const theirs = {
          name: "Theirs",
          type: "slack",
          settings: { url, channel: "#theirs" },
          limits: { messages: 5, perSeconds: 1, burst: 5 }
        }
        assert.strictEqual((yield* request("PUT", "/v1/integrations/both", theirs)).status, 200)
        yield* Effect.promise(async () => {
          await mouse.press(page, "button", "Save")
          const alert = page.getByRole("alert")
          await alert.getByText("Someone else edited this while you did.").waitFor()
          await page.waitForFunction(() => {
            const top = (selector: string) => document.querySelector(selector)?.getBoundingClientRect()
            const head = top(".dialog-head")
            const alert = top("[role=dialog] [role=alert]")
            return head !== undefined && alert !== undefined && alert.top >= head.bottom
          })
          await alert.getByRole("row", { name: "Channel #mine #theirs" }).waitFor()
          await alert.getByRole("row", { name: "Rate limit: Messages not set 5" }).waitFor()
          await checkPage(visitor, "two versions of an integration")
          await mouse.press(page, "button", "Take theirs")
          assert.strictEqual(await name(page).inputValue(), "Theirs")
          await page.keyboard.press("Escape")
          await page.getByRole("dialog").waitFor({ state: "detached" })
        })
      })
    )
  })
})
