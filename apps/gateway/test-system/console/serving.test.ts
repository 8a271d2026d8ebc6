import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as InProcess from "../../test/harness/inProcess.ts"
import { make, SharedHarness } from "../../test/harness/gateway.ts"
import { Chromium, visit } from "./harness/browser.ts"

const InProcessHarness = Layer.effect(SharedHarness, make({}, InProcess.start))

const token = "the-operators-token-0123456789"
const TokenHarness = Layer.effect(SharedHarness, make({ TOCSIN_TOKEN: token }, InProcess.start))

const get = (path: string, headers: { readonly [name: string]: string } = {}, method = "GET") =>
  Effect.flatMap(SharedHarness, ({ gateway }) =>
    Effect.promise(async () => {
      const answer = await fetch(`${gateway().url}${path}`, { method, headers, redirect: "manual" })
      return { status: answer.status, headers: answer.headers, text: await answer.text() }
    })
  )

/** The answer in a page. */
const answerIn = (html: string) =>
  /<script\s+type="application\/json"\s[^>]*data-answer-of="([^"]*)"[^>]*>([^<]*)<\/script>/.exec(html)

describe("The console's files", () => {
  layer(Layer.merge(InProcessHarness, Chromium.layer), { excludeTestServices: true })((it) => {
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
          "/deliveries",
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
        const page = yield* get("/console/deliveries")
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
        assert.strictEqual((yield* get("/console/deliveries", { "if-none-match": etag })).status, 304)
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

  layer(TokenHarness, { excludeTestServices: true })((it) => {
    it.effect("contain the API's answer for whoever gets it from the API, and nothing for others", () =>
      Effect.gen(function* () {
        const { gateway, request } = yield* SharedHarness
        const hostile = "</script><!-- <script>document.title='run'</script>"
        const alert = { source: "page", id: "1", state: "raised", startedAt: "2026-01-15T02:00:00Z" }
        const authorization = `Bearer ${token}`
        const posted = yield* request("POST", "/v1/alerts", [{ ...alert, rule: { name: hostile } }], { authorization })
        assert.strictEqual(posted.status, 202, posted.text)
        const signIn = yield* Effect.promise(() =>
          fetch(`${gateway().url}/v1/session`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ token })
          })
        )
        const [cookie = ""] = signIn.headers.get("set-cookie")?.split(";") ?? []
        for (const path of ["/console/", "/console/alerts"]) {
          const page = yield* get(path, { cookie })
          assert.strictEqual(page.headers.get("cache-control"), "no-store")
          assert.isNull(page.headers.get("etag"))
          assert.include(page.headers.get("content-security-policy") ?? "", "script-src 'self'")
          const [, of = "", json = ""] = answerIn(page.text) ?? []
          const answer = yield* get(of.replaceAll("&amp;", "&"), { cookie })
          assert.deepStrictEqual(JSON.parse(json), JSON.parse(answer.text))
          assert.include(json, "document.title")
          assert.notInclude(page.text, hostile)
        }
        // Who was here before gets the rows as HTML; who may not read them gets none.
        const kept = "tocsin_reader=theme=dark&zone=utc&language=en&timeZone=Asia%2FKolkata&height=900&narrow=false"
        const drawn = yield* get("/console/alerts", { cookie: `${kept}; ${cookie}` })
        assert.strictEqual(drawn.headers.get("cache-control"), "no-store")
        assert.include(drawn.headers.get("content-security-policy") ?? "", "script-src 'self'")
        assert.include(drawn.text, '<html data-theme="dark"')
        assert.include(
          drawn.text,
          hostile.replace(/[<>]/g, (character) => `&#${character.charCodeAt(0)};`)
        )
        assert.notInclude(drawn.text, hostile)
        assert.notMatch(drawn.text, / style=| on\w+=/)
        for (const cookies of [kept, `${kept}; ${cookie.split("=")[0]}=wrong`]) {
          const none = yield* get("/console/alerts", { cookie: cookies })
          assert.strictEqual(none.status, 200)
          assert.notInclude(none.text, "document.title")
          assert.strictEqual(answerIn(none.text)?.[2], "")
          assert.include(none.text, '<div id="root"></div>')
        }
        // Never a cached page in place of the present one.
        const empty = yield* get("/console/alerts")
        const again = yield* get("/console/alerts", { cookie, "if-none-match": empty.headers.get("etag") ?? "" })
        assert.strictEqual(again.status, 200)
        assert.strictEqual((yield* get("/console/alerts", { cookie }, "HEAD")).status, 200)

        const ended = yield* get(
          "/v1/session",
          { cookie, "content-type": "application/json", origin: gateway().url },
          "DELETE"
        )
        assert.strictEqual(ended.status, 204, ended.text)
        for (const [path, headers] of [
          ["/console/", {}],
          ["/console/alerts", {}],
          ["/console/alerts", { cookie }],
          ["/console/alerts", { cookie: `${cookie.split("=")[0]}=wrong` }],
          ["/console/alerts", { authorization: "Bearer wrong" }],
          ["/console/alerts?state=cleared", { authorization }],
          ["/console/deliveries", { authorization }]
        ] as const) {
          const { headers: sent, status, text } = yield* get(path, headers)
          assert.strictEqual(status, 200, path)
          assert.strictEqual(answerIn(text)?.[2], "", path)
          assert.strictEqual(sent.get("cache-control"), "no-cache", path)
        }
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
