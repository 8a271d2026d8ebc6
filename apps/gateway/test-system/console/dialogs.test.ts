/**
 * Dialogs that a rule or another dialog opens: what they save, where focus goes, and that all of them is in reach.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Page } from "playwright-core"
import { until } from "../../test/harness/gate.ts"
import { make, SharedHarness } from "../../test/harness/gateway.ts"
import * as InProcess from "../../test/harness/inProcess.ts"
import { checkPage, Chromium, visit } from "./harness/browser.ts"
import { keyboard, mouse } from "./harness/walk.ts"

const InProcessHarness = Layer.effect(SharedHarness, make({}, InProcess.start))

const post = Effect.fnUntraced(function* (path: string, body: object) {
  const { request } = yield* SharedHarness
  const { status, text } = yield* request("POST", path, body)
  assert.isBelow(status, 300, text)
})

const integration = Effect.fnUntraced(function* (id: string, name: string) {
  const { slackUrl } = yield* SharedHarness
  yield* post("/v1/integrations", { id, name, type: "slack", settings: { url: `${slackUrl}/services/T0/B0/${id}` } })
})

const hasFocus = (page: Page, name: string) =>
  page.waitForFunction((name) => {
    const { activeElement } = document
    return (activeElement?.getAttribute("aria-label") ?? activeElement?.textContent)?.trim() === name
  }, name)

describe("The console's dialogs", () => {
  layer(Layer.merge(InProcessHarness, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("an integration added from a rule leaves the rule's unsaved edit unsaved", () =>
      Effect.gen(function* () {
        const { slack, slackUrl } = yield* SharedHarness
        yield* integration("unsaved", "Unsaved channel")
        yield* post("/v1/rules", {
          id: "unsaved",
          name: "Unsaved rule",
          match: { source: "unsaved" },
          integrations: ["unsaved"],
          notifyOnClear: true
        })
        const startedAt = "2026-01-15T02:00:00Z"
        yield* post("/v1/alerts", { source: "unsaved", id: "1", state: "raised", startedAt, rule: { name: "Disk" } })
        const messages = () => slack.messages.filter(({ url }) => url.endsWith("/unsaved"))
        yield* until("the raised message", () => messages().length === 1)
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        const saved: Array<string> = []
        page.on("request", (request) => {
          if (request.method() === "PUT") saved.push(request.postData() ?? "")
        })
        yield* Effect.promise(async () => {
          await visitor.open("/alert-settings?rule=unsaved&tab=Notifications")
          await mouse.press(page, "checkbox", "Unsaved channel")
          await page.getByText("1 cleared message to Unsaved channel").waitFor()
          await mouse.press(page, "button", "Edit integrations")
          await mouse.press(page, "button", "Add new integration")
          await page.getByRole("dialog", { name: "Add new integration" }).waitFor()
          await mouse.choose(page, "Type", "Slack")
          await mouse.type(page, "Name", "Added channel")
          await mouse.type(page, "URL", `${slackUrl}/services/T0/B0/added`)
          await mouse.press(page, "button", "Add new integration")
          await page.getByRole("checkbox", { name: "Added channel", checked: true }).waitFor()
          await page.getByRole("dialog").first().waitFor({ state: "detached" })
          assert.deepStrictEqual(saved, [])
          await mouse.press(page, "button", "Save")
          await page.getByRole("status").filter({ hasText: "Saved" }).waitFor()
        })
        yield* until("the cleared message", () => messages().length === 2)
        assert.strictEqual(saved.length, 1)
        assert.notInclude(saved[0], `"unsaved"],`)
      })
    )

    it.effect("focus returns to the button that opened the dialog, when it closes", () =>
      Effect.gen(function* () {
        yield* integration("focus", "Focused channel")
        yield* post("/v1/rules", { id: "focus", name: "Focus rule", match: { source: "focus" }, integrations: [] })
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        const edit = async () => {
          await keyboard.press(page, "button", "Edit Focused channel")
          await page.getByRole("dialog", { name: "Edit Focused channel" }).waitFor()
          await page.getByRole("textbox", { name: "Name", exact: true }).waitFor()
        }
        const closed = () => page.getByRole("dialog", { name: "Edit Focused channel" }).waitFor({ state: "detached" })
        yield* Effect.promise(async () => {
          await visitor.open("/integrations")
          await edit()
          await page.keyboard.press("Escape")
          await closed()
          await hasFocus(page, "Edit Focused channel")
          await edit()
          await keyboard.press(page, "button", "Close")
          await closed()
          await hasFocus(page, "Edit Focused channel")

          await visitor.open("/alert-settings?rule=focus&tab=Notifications")
          await keyboard.press(page, "button", "Edit integrations")
          await edit()
          await page.keyboard.press("Escape")
          await closed()
          await hasFocus(page, "Edit Focused channel")
          await page.keyboard.press("Escape")
          await hasFocus(page, "Edit integrations")
        })
      })
    )

    it.effect("a stored secret that is optional can be removed", () =>
      Effect.gen(function* () {
        const { request, slackUrl } = yield* SharedHarness
        const settings = { url: `${slackUrl}/hook`, headers: { Authorization: "Bearer s3cr3t" } }
        yield* post("/v1/integrations", { id: "hook", name: "Hook", type: "webhook", settings })
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open("/integrations?edit=hook")
          await mouse.press(page, "button", "Remove Headers")
          await page.getByText("Removed when you save").waitFor()
          assert.strictEqual(await page.getByRole("button", { name: "Remove URL" }).count(), 0)
          await mouse.press(page, "button", "Save")
          await page.getByRole("status").filter({ hasText: "Saved" }).waitFor()
        })
        const { text } = yield* request("GET", "/v1/integrations/hook")
        assert.deepStrictEqual(JSON.parse(text).secretsSet, ["/url"])
      })
    )

    it.effect("stored settings from before there were several forms are of the first, and can be given another", () =>
      Effect.gen(function* () {
        const { request } = yield* SharedHarness
        yield* integration("becomes", "Becomes a bot")
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open("/integrations?edit=becomes")
          await page.getByRole("radio", { name: /^Incoming webhook/, checked: true }).waitFor()
          await page.getByRole("button", { name: "Replace URL" }).waitFor()
          await page.getByText(/^Bot/).first().click()
          await mouse.type(page, "Token", "xoxb-fake-token")
          await mouse.type(page, "Channel", "C012AB3CD")
          await mouse.press(page, "button", "Save")
          await page.getByRole("status").filter({ hasText: "Saved" }).waitFor()
        })
        const { secretsSet, settings } = JSON.parse((yield* request("GET", "/v1/integrations/becomes")).text)
        assert.deepStrictEqual(settings, { authenticate: "bot", channel: "C012AB3CD" })
        assert.deepStrictEqual(secretsSet, ["/token"])
      })
    )

    it.effect("numbers to choose from are a chooser, and secret headers are keys and values", () =>
      Effect.gen(function* () {
        const { request } = yield* SharedHarness
        const { slackUrl } = yield* SharedHarness
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open("/integrations?new=yes")
          await page.getByRole("dialog", { name: "Add new integration" }).waitFor()
          await mouse.choose(page, "Type", "ntfy")
          await mouse.press(page, "button", "More settings")
          await mouse.choose(page, "Priority of info", "4")
          await page.getByRole("button", { name: /4 Priority of info$/ }).waitFor()
          await mouse.choose(page, "Type", "Webhook")
          await mouse.type(page, "Name", "With headers")
          await mouse.type(page, "URL", `${slackUrl}/headers`)
          await mouse.press(page, "button", "Add to Headers")
          await mouse.type(page, "Key 1", "Authorization")
          const value = page.getByLabel("Value 1", { exact: true })
          assert.strictEqual(await value.getAttribute("type"), "password")
          await value.fill("Bearer s3cr3t")
          await checkPage(visitor, "secret headers")
          await mouse.press(page, "button", "Add new integration")
          await page.getByRole("dialog").first().waitFor({ state: "detached" })
        })
        const { text } = yield* request("GET", "/v1/integrations")
        const { items } = JSON.parse(text)
        const made = items.find(({ name }: { readonly name: string }) => name === "With headers")
        assert.deepStrictEqual(made?.secretsSet, ["/url", "/headers"])
      })
    )

    it.effect("Go to keeps what is typed before its field is there, and says when it has found nothing", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open("/lanes")
          await page.getByRole("heading", { name: "Lanes", level: 1 }).waitFor()
          await page.keyboard.press("Control+k")
          await page.keyboard.type("sources")
          await page.getByRole("option", { name: /Sources/ }).waitFor()
          const field = page.getByRole("dialog", { name: "Go to" }).locator("input")
          assert.strictEqual(await field.inputValue(), "sources")
          const answer = Promise.withResolvers<void>()
          await page.route("**/v1/alerts?*", async (route) => {
            await answer.promise
            await route.continue()
          })
          const asked = page.waitForRequest("**/v1/alerts?*")
          await field.fill("of no such name")
          await asked
          await page.getByText("Searching…").waitFor()
          answer.resolve()
          await page.getByText("Nothing has this name.").waitFor()
        })
      })
    )

    it.effect("a reason that is missing is asked for at its field, and history keeps the one that is given", () =>
      Effect.gen(function* () {
        yield* integration("why", "Why")
        yield* post("/v1/rules", { name: "Why", match: { source: "why" }, integrations: ["why"], notifyOnClear: true })
        const startedAt = new Date().toISOString()
        yield* post("/v1/alerts", { source: "why", id: "1", state: "raised", startedAt, rule: { name: "Why" } })
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        const reason = page.getByRole("textbox", { name: "Reason", exact: true })
        const refused = async (message: RegExp) => {
          await reason.press("Enter")
          await page.getByRole("alert").filter({ hasText: "1 thing needs your attention" }).waitFor()
          await page.getByRole("dialog").or(page.getByRole("alertdialog")).getByText(message).waitFor()
          assert.strictEqual(await reason.getAttribute("aria-invalid"), "true")
          assert.isTrue(await reason.evaluate((field) => field === document.activeElement))
        }
        yield* Effect.promise(async () => {
          await visitor.open("/deliveries?integration=why&state=delivered")
          await page.getByRole("button", { name: /^Delivered/ }).click()
          await page.getByRole("button", { name: "Redeliver", exact: true }).click()
          await refused(/delivered again, because it was delivered already/)
          await checkPage(visitor, "a refused reason")
          await reason.fill("   ")
          await refused(/delivered again, because it was delivered already/)
          await reason.fill("The channel was cleaned up")
          await reason.press("Enter")
          await page.getByRole("status").filter({ hasText: "A new delivery was made" }).waitFor()
          await visitor.open("/deliveries?integration=why&state=delivered")
          await page
            .getByRole("button", { name: /^Delivered/ })
            .nth(1)
            .waitFor()
          await page.getByRole("button", { name: "Redeliver all" }).click()
          await page.getByText(/delivered messages? to Why (is|are) sent again/).waitFor()
          await refused(/delivered again, because they were delivered already/)
          await page.keyboard.press("Escape")
          await visitor.open("/lanes")
          await page.getByRole("button", { name: "Pause Why" }).click()
          await refused(/a text that is not blank/)
          await reason.fill("The channel moves")
          await reason.press("Enter")
          await page.getByText(/Paused by .*: The channel moves/).waitFor()
        })
        const { request } = yield* SharedHarness
        const { text } = yield* request("GET", "/v1/deliveries?integration=why")
        assert.include(text, "The channel was cleaned up")
      })
    )

    it.effect("a long form scrolls inside the dialog, above its footer", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await page.setViewportSize({ width: 1280, height: 500 })
          await visitor.open("/integrations?new=yes")
          await page.getByRole("dialog", { name: "Add new integration" }).waitFor()
          await mouse.choose(page, "Type", "Telegram")
          await page.getByRole("tab", { name: "Raised", exact: true }).waitFor()
          const edges = await page.evaluate(() => {
            const bottom = (selector: string) => document.querySelector(selector)?.getBoundingClientRect().bottom ?? 0
            return { foot: bottom(".dialog-foot"), modal: bottom(".modal"), viewport: window.innerHeight }
          })
          assert.isBelow(edges.modal, edges.viewport)
          assert.isAtMost(edges.modal - edges.foot, 1)
        })
      })
    )
  })
})
