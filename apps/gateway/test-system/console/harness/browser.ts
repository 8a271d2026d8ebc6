/**
 * The console in a real browser, with all that the browser complains of.
 */
import { assert } from "@effect/vitest"
import { Context, Effect, Exit, Layer, type Scope } from "effect"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"

const launch = Effect.acquireRelease(
  Effect.promise(() =>
    chromium.launch({
      executablePath: "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync"
      ]
    })
  ),
  (browser) => Effect.promise(() => browser.close())
)

/** One Chromium for all tests of a file. */
export class Chromium extends Context.Service<Chromium, Browser>()("@tocsin/gateway/test-system/Chromium") {
  static readonly layer = Layer.effect(Chromium, launch)
}

/** How a browser is set up. */
export interface Look {
  readonly colorScheme?: "light" | "dark"
  readonly width?: number
  readonly forcedColors?: "active" | "none"
}

/** A browser of its own, with nothing in it. */
export interface Visitor {
  readonly context: BrowserContext
  readonly page: Page
  /** The address of a page of the console. */
  readonly url: (path: string) => string
  readonly open: (path: string) => Promise<void>
  /** Another tab. */
  readonly tab: () => Promise<Page>
  /** Violations of the policy, errors in scripts, and requests to other hosts. */
  readonly complaints: ReadonlyArray<string>
}

/** Opens a browser for one test; ends with the scope. When it ends without a failure, it must have complained of nothing. */
export const visit = (
  harness: { readonly gateway: () => { readonly url: string } },
  { colorScheme = "light", forcedColors = "none", width = 1280 }: Look = {}
): Effect.Effect<Visitor, never, Chromium | Scope.Scope> =>
  Effect.gen(function* () {
    const browser = yield* Chromium
    const context = yield* Effect.acquireRelease(
      Effect.promise(() =>
        browser.newContext({
          colorScheme,
          forcedColors,
          reducedMotion: "reduce",
          viewport: { width, height: width < 600 ? 740 : 900 },
          locale: "en-US",
          timezoneId: "Europe/Berlin"
        })
      ),
      (context) => Effect.promise(() => context.close())
    )
    const { url: origin } = harness.gateway()
    const complaints: Array<string> = []
    const watch = (page: Page) => {
      page.on("pageerror", (error) => complaints.push(error.stack ?? error.message))
      page.on("console", (message) => {
        if (/Content Security Policy|Trusted ?Type|Refused to/i.test(message.text())) complaints.push(message.text())
      })
      page.on("dialog", (dialog) => {
        // Whoever opens another page leaves what was typed.
        if (dialog.type() === "beforeunload") return void dialog.accept()
        complaints.push(dialog.message())
        void dialog.dismiss()
      })
      page.on("request", (request) => {
        if (!request.url().startsWith(origin) && !request.url().startsWith("data:")) complaints.push(request.url())
      })
    }
    context.on("page", watch)
    // Before the context closes, so that what it complains of last is heard.
    yield* Effect.addFinalizer((exit) =>
      Effect.sync(() => Exit.isSuccess(exit) && assert.deepStrictEqual(complaints, []))
    )
    const page = yield* Effect.promise(() => context.newPage())
    const url = (path: string) => `${origin}/console${path}`
    return {
      context,
      page,
      url,
      open: async (path) => {
        await page.goto(url(path))
      },
      tab: () => context.newPage(),
      complaints
    }
  })

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** What axe-core finds on a page as it is now. A script element of it would be refused by the policy. */
export const findings = async (page: Page): Promise<ReadonlyArray<string>> => {
  const session = await page.context().newCDPSession(page)
  await session.send("Runtime.evaluate", { expression: axeSource })
  const { exceptionDetails, result } = await session.send("Runtime.evaluate", {
    expression: `axe.run(document).then(({ passes, violations }) => JSON.stringify({
      passes: passes.length,
      violations: violations.map(({ help, id, nodes }) => [id, help, ...nodes.map(({ target }) => target.join(" "))].join(" | "))
    }))`,
    awaitPromise: true,
    returnByValue: true
  })
  await session.detach()
  assert.isUndefined(exceptionDetails, JSON.stringify(exceptionDetails))
  const { passes, violations } = JSON.parse(result.value)
  assert.isAbove(passes, 5)
  return violations
}

/** Sees to it that nobody is shut out, that nothing scrolls sideways, and that the browser complains of nothing. */
export const checkPage = async ({ complaints, page }: Visitor, name: string): Promise<void> => {
  assert.deepStrictEqual(await findings(page), [], name)
  assert.isAtMost(
    await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
    0,
    `${name} scrolls sideways`
  )
  assert.deepStrictEqual(complaints, [], name)
}
