/**
 * Sources in the console: added, tried with a sample, posted to, edited and deleted.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Page } from "playwright-core"
import { make, SharedHarness } from "../../test/harness/gateway.ts"
import * as InProcess from "../../test/harness/inProcess.ts"
import { checkPage, Chromium, type Look, visit } from "./harness/browser.ts"
import { mouse } from "./harness/walk.ts"

const token = "the-operators-token-0123456789"
const authorization = `Bearer ${token}`

const TokenHarness = Layer.effect(SharedHarness, make({ TOCSIN_TOKEN: token }, InProcess.start))

const mapping = {
  id: "/id",
  state: { value: "/state", map: { OPEN: "raised", CLOSED: "cleared" } },
  name: "/title",
  labels: { host: "/host" }
}

const body = JSON.stringify({ id: "c5fa", state: "OPEN", title: "Disk almost full", host: "db-1" })

const enter = Effect.fnUntraced(function* (secret: string, path: string, look: Look = {}) {
  const visitor = yield* visit(yield* SharedHarness, look)
  yield* Effect.promise(async () => {
    await visitor.open(path)
    await visitor.page.getByRole("textbox", { name: "API token" }).fill(secret)
    await visitor.page.getByRole("textbox", { name: "API token" }).press("Enter")
    await visitor.page.getByRole("heading", { name: "Sources", level: 1 }).waitFor()
  })
  return visitor
})

const post = (address: string, credential: string) =>
  Effect.promise(async () => {
    const { status } = await fetch(address, {
      method: "POST",
      headers: { authorization: `Bearer ${credential}`, "content-type": "application/json" },
      body
    })
    return status
  })

/** Waits until react-aria has removed what it announced of buttons that are gone. */
const forgotten = (page: Page) =>
  page.locator("[data-live-announcer] [role=img]").first().waitFor({ state: "detached" })

const configure = Effect.fnUntraced(function* (name: string, source: object) {
  const { request } = yield* SharedHarness
  const { status, text } = yield* request("PUT", `/v1/sources/${name}`, source, { authorization })
  assert.strictEqual(status, 201, text)
})

describe("The Sources page", () => {
  layer(Layer.merge(TokenHarness, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("adds a source with a mouse, tries a sample, and shows the address and the token that then work", () =>
      Effect.gen(function* () {
        const { request } = yield* SharedHarness
        const visitor = yield* enter(token, "/sources")
        const { page } = visitor
        const dialog = page.getByRole("dialog")
        const made = page.getByRole("status", { name: "What it would make" })
        const { address, secret } = yield* Effect.promise(async () => {
          await mouse.press(page, "button", "Add new source")
          await page.getByRole("dialog", { name: "Add new source" }).waitFor()
          await checkPage(visitor, "a new source")
          await mouse.choose(page, "Type", "JSON, mapped by settings")
          await mouse.press(page, "button", "Add new source")
          await dialog.getByRole("alert").waitFor()
          await page.locator("[aria-invalid=true]").first().waitFor()
          await checkPage(visitor, "a new source with errors")
          await dialog.getByRole("textbox", { name: "Name", exact: true }).first().fill("shop")
          await mouse.choose(page, "Credential", "Token")
          await mouse.press(page, "button", "Make a random one")
          await mouse.type(page, "Id", "/id")
          await mouse.type(page, "Value", "/state")
          await mouse.press(page, "button", "Add to Map")
          await mouse.type(page, "Key 1", "OPEN")
          await mouse.type(page, "Value 1", "opened")
          await dialog.getByRole("region", { name: "Mapping" }).getByRole("textbox", { name: "Name" }).fill("/title")
          await mouse.type(page, "Labels", `{ "host": "/host" }`)
          await mouse.type(page, "Sample", body)

          // What the gateway does not accept is said at its field.
          await mouse.press(page, "button", "Try")
          const map = dialog.getByRole("group", { name: "Map" })
          await map.getByText(/raised.*cleared/).waitFor()
          await map.locator("input:focus").waitFor()
          await checkPage(visitor, "a wrong mapping")
          await mouse.type(page, "Value 1", "raised")
          await mouse.press(page, "button", "Try")
          await made.getByText("Disk almost full").waitFor()
          await made.getByText("db-1").waitFor()
          await dialog.getByRole("alert").waitFor({ state: "detached" })
          await checkPage(visitor, "a sample that was tried")

          await mouse.press(page, "button", "Add new source")
          await page.getByRole("dialog", { name: "Saved shop" }).waitFor()
          await forgotten(page)
          await checkPage(visitor, "a source that was saved")
          const address = (await dialog.getByLabel("Address", { exact: true }).textContent()) ?? ""
          const secret = (await dialog.getByLabel("Token", { exact: true }).textContent()) ?? ""
          await mouse.press(page, "button", "Done")
          await page.getByRole("button", { name: "Edit shop" }).waitFor()
          assert.notInclude((await page.textContent("body")) ?? "", secret)
          await checkPage(visitor, "the sources")
          return { address, secret }
        })
        assert.match(secret, /^[0-9a-f]{32}$/)
        assert.strictEqual(yield* post(address, secret), 200)
        assert.strictEqual(yield* post(address, `${secret}0`), 401)
        yield* Effect.promise(async () => {
          await visitor.open("/alerts?source=shop")
          await page.getByRole("table", { name: "Alerts" }).getByRole("link", { name: "Disk almost full" }).waitFor()
        })
        const { text } = yield* request("GET", "/v1/sources/shop", undefined, { authorization })
        const { mapping, secretsSet } = JSON.parse(text)
        assert.deepStrictEqual(secretsSet, ["/token"])
        assert.deepStrictEqual(mapping, {
          id: "/id",
          state: { value: "/state", map: { OPEN: "raised" } },
          name: "/title",
          labels: { host: "/host" }
        })
      })
    )

    it.effect("edits a source, keeps its secret, and notices that someone else edited it", () =>
      Effect.gen(function* () {
        const { request } = yield* SharedHarness
        const credential = "a-token-for-the-edited"
        yield* configure("edited", { type: "json", mapping, token: credential })
        const visitor = yield* enter(token, "/sources")
        const { page } = visitor
        const saved = page.getByRole("status").filter({ hasText: "Saved" })
        yield* Effect.promise(async () => {
          await mouse.press(page, "button", "Edit edited")
          await page.getByRole("button", { name: "Replace Token" }).waitFor()
          await page.getByText("As JSON", { exact: true }).click()
          await mouse.type(page, "Mapping", JSON.stringify({ ...mapping, summary: "text" }))
          await mouse.press(page, "button", "Save")
          await page.getByText("/mapping/summary: Expected").waitFor()
          await mouse.type(page, "Mapping", JSON.stringify({ ...mapping, summary: "/text" }))
          await mouse.press(page, "button", "Defaults, times and rate limit")
          await mouse.type(page, "Expire after", "5")
          await mouse.press(page, "button", "Save")
          await page.getByText("a whole number of seconds from 60").waitFor()
          await mouse.type(page, "Expire after", "3600")
          await checkPage(visitor, "an edited source")
        })
        const other = { type: "json", mapping, expectEvery: 600 }
        assert.strictEqual((yield* request("PUT", "/v1/sources/edited", other, { authorization })).status, 200)
        yield* Effect.promise(async () => {
          await mouse.press(page, "button", "Save")
          await page.getByText("Someone else edited this while you did.").waitFor()
          await page.getByRole("row", { name: /Mapping.*text/ }).waitFor()
          await checkPage(visitor, "two versions of a source")
          await mouse.press(page, "button", "Save mine")
          await saved.waitFor()
          await page.getByRole("dialog").waitFor({ state: "detached" })
        })
        const { text } = yield* request("GET", "/v1/sources/edited", undefined, { authorization })
        const source = JSON.parse(text)
        assert.deepStrictEqual(source.mapping, { ...mapping, summary: "/text" })
        assert.strictEqual(source.expireAfter, 3600)
        assert.isUndefined(source.expectEvery)
        const { url } = (yield* SharedHarness).gateway()
        assert.strictEqual(yield* post(`${url}${source.address}`, credential), 200)
      })
    )

    it.effect("changes a token to a password, then to a token in the URL, and deletes the source", () =>
      Effect.gen(function* () {
        const { request } = yield* SharedHarness
        const credential = "a-token-for-the-deleted"
        yield* configure("deleted", { type: "json", mapping, token: credential })
        const visitor = yield* enter(token, "/sources")
        const { page } = visitor
        const { url } = (yield* SharedHarness).gateway()
        const password = yield* Effect.promise(async () => {
          await mouse.press(page, "button", "Edit deleted")
          await mouse.choose(page, "Credential", "Signature (HMAC)")
          await mouse.press(page, "button", "Save")
          await page.getByText("Expected the secret of the signatures").waitFor()
          await mouse.choose(page, "Credential", "User and password")
          await mouse.type(page, "User", "sender")
          await mouse.press(page, "button", "Make a random one")
          await mouse.press(page, "button", "Save")
          await page.getByRole("dialog", { name: "Saved deleted" }).waitFor()
          const password = (await page.getByLabel("Password", { exact: true }).textContent()) ?? ""
          await mouse.press(page, "button", "Done")
          return password
        })
        const asUser = `Basic ${btoa(`sender:${password}`)}`
        const posted = yield* request("POST", "/v1/sources/deleted", body, { authorization: asUser })
        assert.strictEqual(posted.status, 200)
        assert.strictEqual(yield* post(`${url}/v1/sources/deleted`, credential), 401)
        const address = yield* Effect.promise(async () => {
          await mouse.press(page, "button", "Edit deleted")
          await page.getByRole("button", { name: "Replace Password" }).waitFor()
          await mouse.choose(page, "Credential", "Token in the URL")
          await mouse.press(page, "button", "Make a random one")
          await mouse.press(page, "button", "Save")
          await page.getByRole("dialog", { name: "Saved deleted" }).waitFor()
          const address = (await page.getByLabel("Address", { exact: true }).textContent()) ?? ""
          await mouse.press(page, "button", "Done")
          return address
        })
        assert.strictEqual(yield* post(address, ""), 200)
        const refused = yield* request("POST", "/v1/sources/deleted", body, { authorization: asUser })
        assert.strictEqual(refused.status, 401)
        yield* Effect.promise(async () => {
          await mouse.press(page, "button", "Delete deleted")
          await forgotten(page)
          await checkPage(visitor, "deleting a source")
          await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click()
          await page.getByRole("alertdialog").waitFor({ state: "detached" })
          await page.getByRole("button", { name: "Edit deleted" }).waitFor({ state: "detached" })
        })
        const { status } = yield* request("GET", "/v1/sources/deleted", undefined, { authorization })
        assert.strictEqual(status, 404)
      })
    )

    it.effect(
      "does not add a source with the name of another, nor leave what was typed without asking, at 360 px",
      () =>
        Effect.gen(function* () {
          yield* configure("taken", { type: "json", mapping, token: "a-token-for-the-taken" })
          const visitor = yield* enter(token, "/sources", { width: 360 })
          const { page } = visitor
          yield* Effect.promise(async () => {
            await mouse.press(page, "button", "Add new source")
            await mouse.choose(page, "Type", "JSON, mapped by settings")
            await mouse.press(page, "button", "Start from the example")
            await mouse.type(page, "Sample", body)
            await mouse.press(page, "button", "Try")
            await page.getByRole("status", { name: "What it would make" }).getByText("cannot be read").waitFor()
            await checkPage(visitor, "a new source at 360 px")
            await page.getByRole("dialog").getByRole("textbox", { name: "Name", exact: true }).first().fill("taken")
            await mouse.press(page, "button", "Add new source")
            await page.getByText("Another source has this name").waitFor()
            await page.keyboard.press("Escape")
            await page.getByRole("alertdialog").getByRole("button", { name: "Discard" }).click()
            await page.getByRole("dialog").waitFor({ state: "detached" })
            await forgotten(page)
            await checkPage(visitor, "the sources at 360 px")
          })
        })
    )

    it.effect("offers a reader nothing that its key refuses", () =>
      Effect.gen(function* () {
        const { request } = yield* SharedHarness
        yield* configure("seen", { type: "json", mapping, token: "a-token-for-the-seen" })
        const key = { name: "Reader", scopes: ["read"] }
        const { text } = yield* request("POST", "/v1/keys", key, { authorization })
        const { page } = yield* enter(JSON.parse(text).secret, "/sources")
        yield* Effect.promise(async () => {
          await page.getByRole("heading", { name: "seen", exact: true }).waitFor()
          for (const name of ["Add new source", "Edit seen", "Delete seen"]) {
            assert.strictEqual(await page.getByRole("button", { name }).count(), 0, name)
          }
        })
      })
    )
  })
})
