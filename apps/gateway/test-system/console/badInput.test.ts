/**
 * Bad input: wrong tokens, ended sessions, hostile texts, odd ids, missing plugins, unknown blocks, and secrets.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Page } from "playwright-core"
import * as InProcess from "../../test/harness/inProcess.ts"
import { make, SharedHarness } from "../../test/harness/gateway.ts"
import { checkPage, Chromium, visit, type Visitor } from "./harness/browser.ts"

const token = "the-operators-t0ken"
const authorization = `Bearer ${token}`
const TokenHarness = Layer.effect(SharedHarness, make({ TOCSIN_TOKEN: token }, InProcess.start))

const post = Effect.fnUntraced(function* (path: string, body: object) {
  const { request } = yield* SharedHarness
  const { status, text } = yield* request("POST", path, body, { authorization })
  assert.isBelow(status, 300, text)
  return JSON.parse(text)
})

const signIn = async (page: Page, secret = token) => {
  await page.getByRole("textbox", { name: "API token" }).fill(secret)
  await page.getByRole("textbox", { name: "API token" }).press("Enter")
}

const enter = Effect.gen(function* () {
  const visitor = yield* visit(yield* SharedHarness)
  yield* Effect.promise(async () => {
    await visitor.open("/alerts")
    await signIn(visitor.page)
    await visitor.page.getByRole("heading", { name: "Alerts", level: 1 }).waitFor()
  })
  return visitor
})

const raise = (id: string, name: string, more: object = {}) =>
  post("/v1/alerts", { source: "odd", id, state: "raised", startedAt: "2026-01-15T02:00:00Z", rule: { name }, ...more })

describe("Bad input", () => {
  layer(Layer.merge(TokenHarness, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("refuses a wrong token, and opens the requested page with the right one", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open("/access")
          await page.getByRole("heading", { name: "Sign in" }).waitFor()
          await checkPage(visitor, "sign-in")
          await signIn(page, "not-the-token-at-all")
          await page.getByRole("alert").filter({ hasText: "This token is wrong" }).waitFor()
          assert.strictEqual(await page.getByLabel("API token").getAttribute("aria-invalid"), "true")
          await checkPage(visitor, "a wrong token")
          await signIn(page)
          await page.getByRole("heading", { name: "Access", level: 1 }).waitFor()
          await page.getByText("this browser").waitFor()
          assert.match(page.url(), /\/console\/access$/)
          await page.getByRole("button", { name: "Sign out" }).click()
          await page.getByRole("button", { name: "Sign in", exact: true }).waitFor()
        })
      })
    )

    it.effect("renews a session that ends in the middle of a form in a dialog, and keeps the input", () =>
      Effect.gen(function* () {
        const { request } = yield* SharedHarness
        const visitor = yield* enter
        const { page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open("/alert-settings?rule=new")
          await page.getByRole("textbox", { name: "Name", exact: true }).fill("Typed before the session ended")
        })
        const sessions = JSON.parse((yield* request("GET", "/v1/sessions", undefined, { authorization })).text)
        for (const { id } of sessions.items)
          yield* request("DELETE", `/v1/sessions/${id}`, undefined, { authorization })
        yield* Effect.promise(async () => {
          await page.getByRole("dialog", { name: "Sign in again" }).waitFor()
          await checkPage(visitor, "a session that ended")
          await signIn(page)
          await page.getByRole("dialog").waitFor({ state: "detached" })
          const name = page.getByRole("textbox", { name: "Name", exact: true })
          assert.strictEqual(await name.inputValue(), "Typed before the session ended")
          await name.press("Enter")
          await page.getByRole("status").filter({ hasText: "Saved" }).waitFor()
          await page.getByRole("button", { name: "Typed before the session ended", exact: true }).waitFor()
        })
      })
    )

    it.effect("long names, right-to-left text, markup and control characters are text", () =>
      Effect.gen(function* () {
        const markup = `<img src=x onerror="alert(1)"><script>alert(2)</script>`
        const long = yield* raise("long", "L".repeat(4096), { test: { name: "T".repeat(4096) } })
        yield* raise("rtl", "תקלה בשרת \u202Edesrever", { summary: "\u202E\u0007\u001B[31m red?" })
        const { items } = yield* raise("markup", markup, {
          summary: markup,
          test: { name: markup },
          labels: { [markup]: markup },
          links: { started: "https://example.com/?<script>" }
        })
        yield* post("/v1/rules", { name: markup.repeat(20), match: {}, integrations: [] })
        const visitor = yield* enter
        const { page } = visitor
        yield* Effect.promise(async () => {
          await page.getByRole("link", { name: markup }).waitFor()
          await checkPage(visitor, "hostile alerts")
          await visitor.open(`/alerts/${items[0].id}`)
          await page.getByRole("heading", { name: `${markup}: ${markup}`, level: 1 }).waitFor()
          await checkPage(visitor, "a hostile alert")
          assert.strictEqual(await page.locator("main img, main script").count(), 0)
          await visitor.open(`/alerts/${long.items[0].id}`)
          const who = page.getByRole("heading", { name: "Who was notified" })
          await who.waitFor()
          assert.isBelow((await who.boundingBox())?.y ?? Infinity, 900, "below a long name")
          await visitor.open(`/alerts/${items[0].id}`)
          await page.getByRole("link", { name: "View at the start" }).waitFor()
          const link = page.getByRole("link", { name: "View at the start" })
          assert.match((await link.getAttribute("rel")) ?? "", /noopener/)
          await page.setViewportSize({ width: 360, height: 740 })
          await visitor.open("/alert-settings")
          await page.getByRole("button", { name: markup.repeat(20) }).click()
          await page.getByRole("tab", { name: "Notifications" }).waitFor()
          await checkPage(visitor, "a hostile rule")
        })
      })
    )

    it.effect("ids and filters hold any characters, and survive a reload", () =>
      Effect.gen(function* () {
        yield* raise("a/b.c%d🔥", "Odd id")
        const visitor = yield* enter
        const { page } = visitor
        yield* Effect.promise(async () => {
          for (const id of ["a/b", "a.5", "100%", "🔥", "a?b#c"]) {
            await visitor.open(`/alerts/${encodeURIComponent(id)}`)
            await page.getByRole("heading", { name: "There is no alert of this id" }).waitFor()
          }
          await visitor.open("/alerts")
          await page.getByRole("searchbox", { name: "Search alerts" }).fill("a/b.c%d🔥")
          await page.waitForURL(/text=/)
          await page.reload()
          await page.getByRole("link", { name: "Odd id" }).waitFor()
          assert.strictEqual(await page.getByRole("searchbox", { name: "Search alerts" }).inputValue(), "a/b.c%d🔥")
          await page.getByRole("link", { name: "Odd id" }).click()
          await page.getByText("a/b.c%d🔥", { exact: true }).waitFor()
          await page.goBack()
          await page.getByRole("searchbox", { name: "Search alerts" }).waitFor()
          assert.strictEqual(await page.getByRole("searchbox", { name: "Search alerts" }).inputValue(), "a/b.c%d🔥")
        })
        assert.deepStrictEqual(visitor.complaints, [])
      })
    )

    it.effect(
      "keeps the settings of an integration whose plugin is gone; shows an unknown block of a preview as JSON",
      () =>
        Effect.gen(function* () {
          const { slackUrl } = yield* SharedHarness
          yield* post("/v1/integrations", {
            id: "orphan",
            name: "Orphan",
            type: "slack",
            settings: { url: `${slackUrl}/services/T0/B0/orphan` }
          })
          const visitor = yield* enter
          const { page } = visitor
          yield* Effect.promise(async () => {
            await page.route("**/v1/integrations/orphan/preview", async (route) => {
              const answer = await route.fetch()
              const json = await answer.json()
              json.items[0].preview = { blocks: [{ _tag: "Hologram", depth: 3 }] }
              await route.fulfill({ response: answer, json })
            })
            await visitor.open("/integrations?edit=orphan")
            await page.getByText("does not know the block “Hologram”").waitFor()
            await checkPage(visitor, "an unknown block")
            await page.route("**/v1/plugins", async (route) => {
              const answer = await route.fetch()
              const json = await answer.json()
              json.items = json.items.filter(({ type }: { readonly type: string }) => type !== "slack")
              await route.fulfill({ response: answer, json })
            })
            await visitor.open("/integrations?edit=orphan")
            await page.getByText("The plugin for this type is not installed").waitFor()
            await checkPage(visitor, "a plugin that is gone")
          })
        })
    )

    it.effect("puts no secret into an answer, the document, the browser's storage or its address bar", () =>
      Effect.gen(function* () {
        const { slack, slackUrl } = yield* SharedHarness
        const canary = "c4n4ry-in-the-webhook"
        const visitor = yield* enter
        const { page } = visitor
        const answers: Array<string> = []
        page.on("response", (response) => {
          if (/\/v1\//.test(response.url()) && !/events/.test(response.url())) {
            void response.text().then(
              (text) => answers.push(text),
              () => undefined
            )
          }
        })
        yield* Effect.promise(async () => {
          await visitor.open("/integrations?new=yes")
          await page.getByRole("button", { name: /Type$/ }).click()
          await page.getByRole("option", { name: "Slack" }).click()
          await page.getByRole("textbox", { name: "Name", exact: true }).fill("Canary")
          await page.getByRole("textbox", { name: "URL", exact: true }).fill(`${slackUrl}/services/T0/B0/${canary}`)
          await page.getByRole("button", { name: "Preview", exact: true }).click()
          await page.getByRole("button", { name: "Send a test" }).click()
          await page.getByText("Cleared: Delivered").waitFor()
          assert.isTrue(slack.messages.some(({ url }) => url.endsWith(canary)))
          await page.getByRole("dialog").getByRole("button", { name: "Add new integration" }).click()
          await page.getByRole("status").filter({ hasText: "Saved" }).waitFor()
          await page.getByRole("button", { name: "Edit Canary" }).click()
          await page.getByRole("button", { name: "Replace URL" }).waitFor()
          // What is stored is tested and previewed without being entered again.
          await page.getByRole("button", { name: "Send a test" }).click()
          await page.getByText("Cleared: Delivered").waitFor()
          const kept = await secretPlaces(visitor)
          for (const text of [...answers, ...kept, page.url()]) {
            assert.notInclude(text, canary)
            assert.notInclude(text, token)
          }
        })
        assert.isAbove(answers.length, 5)
      })
    )
  })
})

/** All that the browser keeps where a script or a person could find it. */
const secretPlaces = async ({ context, page }: Visitor): Promise<ReadonlyArray<string>> => [
  await page.content(),
  JSON.stringify(await context.storageState()).replace(/"tocsin_session","value":"[^"]*"/, ""),
  await page.evaluate(() =>
    JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), history.state, document.cookie])
  )
]
