/**
 * API keys in the console: an administrator makes and revokes them, and a reader is offered what the key allows.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Page } from "playwright-core"
import * as InProcess from "../../test/harness/inProcess.ts"
import { make, SharedHarness } from "../../test/harness/gateway.ts"
import { checkPage, Chromium, visit } from "./harness/browser.ts"

const token = "the-operators-token-0123456789"
const authorization = `Bearer ${token}`

const TokenHarness = Layer.effect(SharedHarness, make({ TOCSIN_TOKEN: token }, InProcess.start))

const signIn = async (page: Page, secret: string) => {
  await page.getByRole("textbox", { name: "API token" }).fill(secret)
  await page.getByRole("textbox", { name: "API token" }).press("Enter")
}

const enter = Effect.fnUntraced(function* (secret: string, path: string) {
  const visitor = yield* visit(yield* SharedHarness)
  yield* Effect.promise(async () => {
    await visitor.open(path)
    await signIn(visitor.page, secret)
  })
  return visitor
})

describe("The Access page", () => {
  layer(Layer.merge(TokenHarness, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("makes a key, shows it once, and revokes it; its reader is offered nothing that the key refuses", () =>
      Effect.gen(function* () {
        const { request } = yield* SharedHarness
        const rule = { id: "all", name: "Everything", match: {}, integrations: [] }
        yield* request("POST", "/v1/rules", rule, { authorization })
        const admin = yield* enter(token, "/access")
        const keys = admin.page.getByRole("region", { name: "API keys" })
        const secret = yield* Effect.promise(async () => {
          const { page } = admin
          await keys.getByText("There is no key yet").waitFor()
          await keys.getByRole("button", { name: "Create key" }).click()
          const dialog = page.getByRole("dialog", { name: "Create key" })
          await dialog.getByRole("textbox", { name: "Name" }).press("Enter")
          await dialog.getByRole("alert").waitFor()
          await checkPage(admin, "a key without a name")
          await dialog.getByRole("textbox", { name: "Name" }).fill("Dashboard")
          await page.keyboard.press("Escape")
          await page.getByRole("button", { name: "Keep editing" }).click()
          await dialog.getByRole("textbox", { name: "Name" }).press("Enter")
          await page.getByRole("dialog", { name: "Created Dashboard" }).waitFor()
          await checkPage(admin, "a new key")
          const secret = (await page.getByLabel("The new key").textContent()) ?? ""
          await page.getByRole("button", { name: "Done" }).click()
          await keys.getByRole("listitem").getByText("Dashboard").waitFor()
          assert.notInclude((await page.textContent("body")) ?? "", secret)
          await checkPage(admin, "the keys")
          return secret
        })
        assert.match(secret, /^tocsin_/)

        const reader = yield* enter(secret, "/access")
        yield* Effect.promise(async () => {
          const { page } = reader
          await page.getByText("You are").waitFor()
          await page.getByRole("definition").getByText("Dashboard").waitFor()
          assert.strictEqual(await page.getByRole("button", { name: "Create key" }).count(), 0)
          await checkPage(reader, "the access of a reader")
          await reader.open("/alert-settings?rule=all")
          await page.getByRole("tab", { name: "Match" }).waitFor()
          for (const name of ["Add new rule", "Save", "Delete Everything"]) {
            assert.strictEqual(await page.getByRole("button", { name }).count(), 0, name)
          }
          await checkPage(reader, "a rule for a reader")
          await reader.open("/integrations")
          await page.getByText("No integration yet").waitFor()
          assert.strictEqual(await page.getByRole("button", { name: "Add new integration" }).count(), 0)
        })

        yield* Effect.promise(async () => {
          const { page } = admin
          await keys.getByRole("button", { name: "Revoke Dashboard" }).click()
          await checkPage(admin, "revoking a key")
          await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click()
          await keys.getByRole("listitem").getByText("revoked", { exact: true }).waitFor()
          // The reader's session ends with its key.
          await reader.page.getByRole("dialog", { name: "Sign in again" }).waitFor()
        })
      })
    )
  })
})
