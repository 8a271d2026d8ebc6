import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as InProcess from "../../test/harness/inProcess.ts"
import { make, SharedHarness } from "../../test/harness/gateway.ts"
import { Chromium, visit } from "./harness/browser.ts"

const InProcessHarness = Layer.effect(SharedHarness, make({}, InProcess.start))

describe("The console's files", () => {
  layer(Layer.merge(InProcessHarness, Chromium.layer), { excludeTestServices: true })((it) => {
    const get = (path: string, headers: { readonly [name: string]: string } = {}) =>
      Effect.flatMap(SharedHarness, ({ gateway }) =>
        Effect.promise(async () => {
          const answer = await fetch(`${gateway().url}${path}`, { headers, redirect: "manual" })
          return { status: answer.status, headers: answer.headers, text: await answer.text() }
        })
      )

    it.effect("redirects browsers from / and /console to the console, and other clients from / to the API's page", () =>
      Effect.gen(function* () {
        const html = { accept: "text/html,*/*" }
        assert.strictEqual((yield* get("/", html)).headers.get("location"), "/console/")
        assert.strictEqual((yield* get("/console", html)).headers.get("location"), "/console/")
        assert.strictEqual((yield* get("/")).headers.get("location"), "/docs")
      })
    )

    it.effect("answers every path without a file with the page, whatever characters it has", () =>
      Effect.gen(function* () {
        for (const path of [
          "/",
          "/alerts",
          "/alerts/a.5",
          "/alerts/%2F%25%F0%9F%94%A5",
          "/alerts/..%2F..%2Fpackage.json"
        ]) {
          const { headers, status, text } = yield* get(`/console${path}`)
          assert.strictEqual(status, 200, path)
          assert.include(text, '<div id="root">', path)
          assert.strictEqual(headers.get("cache-control"), "no-cache")
        }
        assert.strictEqual((yield* get("/console/assets/none.js")).status, 404)
        const outside = yield* get("/console/../package.json")
        assert.notInclude(outside.text, "dependencies")
      })
    )

    it.effect("sends the content security policy, and the files compressed at build time", () =>
      Effect.gen(function* () {
        const page = yield* get("/console/")
        const policy = page.headers.get("content-security-policy") ?? ""
        for (const part of [
          "default-src 'none'",
          "script-src 'self'",
          "trusted-types 'none'",
          "frame-ancestors 'none'"
        ]) {
          assert.include(policy, part)
        }
        assert.notInclude(policy, "unsafe")
        assert.strictEqual(page.headers.get("x-content-type-options"), "nosniff")
        assert.strictEqual(page.headers.get("referrer-policy"), "no-referrer")
        const [script = "none"] = /\/console\/assets\/[^"]+\.js/.exec(page.text) ?? []
        for (const [accepted, encoding] of [
          ["br, gzip", "br"],
          ["gzip", "gzip"],
          ["identity", null]
        ] as const) {
          const { headers } = yield* get(script, { "accept-encoding": accepted })
          assert.strictEqual(headers.get("content-encoding"), encoding)
          assert.include(headers.get("cache-control") ?? "", "immutable")
        }
        const etag = page.headers.get("etag") ?? ""
        assert.strictEqual((yield* get("/console/", { "if-none-match": etag })).status, 304)
      })
    )

    it.effect("opens in a browser without errors or warnings", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        yield* Effect.promise(async () => {
          await visitor.open("/")
          await visitor.page.getByRole("heading", { name: "Alerts", level: 1 }).waitFor()
          assert.strictEqual(await visitor.page.title(), "Alerts - Tocsin")
        })
        assert.deepStrictEqual(visitor.complaints, [])
      })
    )

    it.effect("opens dialogs on iOS, where react-aria adds a style element against scrolling", () =>
      Effect.gen(function* () {
        const visitor = yield* visit(yield* SharedHarness)
        const { context, page } = visitor
        yield* Effect.promise(async () => {
          await context.addInitScript(() => {
            for (const name of ["platform", "userAgentData"]) {
              Object.defineProperty(navigator, name, { get: () => (name === "platform" ? "iPhone" : undefined) })
            }
          })
          await visitor.open("/integrations?new=yes")
          await page.getByRole("dialog", { name: "Add new integration" }).waitFor()
          const styles = () =>
            page.evaluate(() =>
              Array.from(document.querySelectorAll("style"), ({ sheet, textContent }) => ({
                rules: sheet?.cssRules.length ?? 0,
                isLock: textContent.includes("overscroll-behavior")
              }))
            )
          const added = await styles()
          assert.isTrue(added.some(({ isLock }) => isLock))
          assert.isTrue(added.every(({ rules }) => rules > 0))
        })
      })
    )
  })

  it.live("are not served with TOCSIN_CONSOLE=off", () =>
    Effect.gen(function* () {
      const { gateway } = yield* make({ TOCSIN_CONSOLE: "off" }, InProcess.start)
      yield* Effect.promise(async () => {
        const page = await fetch(`${gateway().url}/console/`, { headers: { accept: "text/html" } })
        assert.strictEqual(page.status, 404)
        const root = await fetch(`${gateway().url}/`, { headers: { accept: "text/html" }, redirect: "manual" })
        assert.strictEqual(root.headers.get("location"), "/docs")
      })
    }).pipe(Effect.scoped)
  )
})
