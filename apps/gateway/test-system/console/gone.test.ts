/**
 * Addresses that name something that was removed, or never was.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as InProcess from "../../test/harness/inProcess.ts"
import { make, SharedHarness } from "../../test/harness/gateway.ts"
import { checkPage, Chromium, visit } from "./harness/browser.ts"
import { seed } from "./harness/seed.ts"

const Seeded = Layer.effect(SharedHarness, make({}, InProcess.start).pipe(Effect.tap(seed)))

describe("What is gone", () => {
  layer(Layer.merge(Seeded, Chromium.layer), { excludeTestServices: true })((it) => {
    for (const [width, path, named, chooser] of [
      [1280, "/alerts?rule=no%2Fsuch&state=all", "There is no rule “no/such” now.", "Rule"],
      [360, "/alerts?integration=no-such&state=all", "There is no integration “no-such” now.", "Integration"],
      [1280, "/alerts?source=no-such&state=all", "There is no source “no-such” now.", "Source"],
      [360, "/deliveries?integration=no-such&since=7d", "There is no integration “no-such” now.", "Integration"]
    ] as const) {
      it.effect(`in ${path} is said, and its filter is shown and can be removed`, () =>
        Effect.gen(function* () {
          const visitor = yield* visit(yield* SharedHarness, { width })
          const { page } = visitor
          yield* Effect.promise(async () => {
            await visitor.open(path)
            await page.getByText(named).waitFor()
            const select = page.getByRole("combobox", { name: chooser, exact: true })
            assert.match(await select.inputValue(), /^no.such$/)
            await checkPage(visitor, path)
            await page.getByRole("button", { name: "Remove this filter" }).click()
            await page.getByText(named).waitFor({ state: "detached" })
            assert.strictEqual(await select.inputValue(), "")
            // The others stay.
            assert.match(page.url(), /\?(state=all|since=7d)$/)
          })
        })
      )
    }

    it.effect("in the deliveries of an alert is said", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        yield* Effect.promise(async () => {
          await visitor.open("/deliveries?alert=01900000-0000-7000-8000-000000000000")
          await page.getByText("There is no alert “01900000-0000-7000-8000-000000000000” now.").waitFor()
          await page.getByRole("button", { name: "Remove this filter" }).click()
          await page.getByRole("listitem").filter({ hasText: "raised" }).first().waitFor()
        })
      })
    )

    for (const [query, words] of [
      ["state=closed", "The address asks for the state “closed”, which there is not."],
      ["severity=major,fatal", "The address asks for the severity “major,fatal”, which there is not."],
      ["notified=yes", "The address asks for “notified=yes”, which there is not."]
    ] as const) {
      it.effect(`shows no alerts for ${query}, which is none of the choices`, () =>
        Effect.gen(function* () {
          const visitor = yield* visit(yield* SharedHarness)
          const { page } = visitor
          yield* Effect.promise(async () => {
            await visitor.open(`/alerts?${query}`)
            await page.getByText(words).waitFor()
            await page.getByText("live", { exact: true }).waitFor()
            assert.strictEqual(await page.getByRole("table", { name: "Alerts" }).count(), 0)
            await checkPage(visitor, query)
            await page.getByRole("link", { name: "show all active alerts" }).click()
            await page.getByRole("table", { name: "Alerts" }).getByRole("link").first().waitFor()
          })
        })
      )
    }

    it.effect("is asked for once, if it is an alert", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { page } = visitor
        const refused: Array<string> = []
        page.on("response", (response) => response.status() === 404 && refused.push(response.url()))
        yield* Effect.promise(async () => {
          await visitor.open("/alerts/01900000-0000-7000-8000-000000000000")
          await page.getByRole("heading", { name: "Alert not found", level: 1 }).waitFor()
          await page.getByText("live", { exact: true }).waitFor()
          // All that was asked for until now is answered by the time that another page is.
          await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Lanes" }).click()
          await page.getByRole("heading", { name: "Ops channel" }).waitFor()
          assert.strictEqual(refused.length, 1, refused.join("\n"))
        })
      })
    )
  })
})
