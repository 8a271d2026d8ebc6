/**
 * Writes the pictures of the console that the README and the docs use, light and dark: a gateway with a fixed clock,
 * fakes of the services, and Debian's Chromium. Exits 1 if a page shows an error.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { FakeServer } from "@tocsin/core/fakes"
import { FakeHipChat } from "@tocsin/plugin-hipchat/testing"
import { FakeSlack } from "@tocsin/plugin-slack/testing"
import { Console, Data, Effect } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { chromium, type Page } from "playwright-core"
import * as GatewayProcess from "./gatewayProcess.ts"
import { seedConsole } from "./seedConsole.ts"

class PictureFailed extends Data.TaggedError("PictureFailed")<{ readonly message: string }> {}

const demoNow = "2026-03-12T14:20:00.000Z"
/** When the pictures are taken. The gateway's clock runs while it is filled; nothing shown is later than this. */
const shownAt = "2026-03-12T14:21:00.000Z"
const pictures = fileURLToPath(new URL("../../../docs/pictures/", import.meta.url))

/** What is done on a page before its picture is taken. */
const views: ReadonlyArray<readonly [name: string, path: string, prepare: (page: Page) => Promise<unknown>]> = [
  ["alerts", "/alerts", (page) => page.getByRole("link", { name: "HTTP errors" }).first().waitFor()],
  [
    "alert",
    "/alerts",
    async (page) => {
      await page.getByRole("link", { name: "HTTP errors" }).first().click()
      await page.getByRole("list", { name: "Timeline" }).waitFor()
    }
  ],
  ["integrations", "/integrations", (page) => page.getByRole("heading", { name: "Ops channel" }).waitFor()],
  [
    "add-integration",
    "/integrations",
    async (page) => {
      await page.getByRole("button", { name: "Add new integration" }).click()
      await page.getByRole("button", { name: /Type$/ }).click()
      await page.getByRole("option", { name: "Slack" }).click()
      await page.getByRole("textbox", { name: "Name", exact: true }).fill("Checkout on call")
      await page.getByRole("tab", { name: "Raised", exact: true }).waitFor()
    }
  ],
  [
    "alert-settings",
    "/alert-settings",
    async (page) => {
      await page.getByRole("button", { name: "Major and above" }).click()
      await page.getByRole("checkbox", { name: "Ops room" }).click()
      await page.getByText(/cleared messages? to Ops room/).waitFor()
    }
  ]
]

const take = async (url: string, colorScheme: "light" | "dark"): Promise<ReadonlyArray<string>> => {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"]
  })
  const problems: Array<string> = []
  try {
    const context = await browser.newContext({
      colorScheme,
      reducedMotion: "reduce",
      viewport: { width: 1440, height: 900 },
      locale: "en-GB",
      timezoneId: "UTC"
    })
    await context.addInitScript((at) => {
      const real = Date.now.bind(Date)
      const offset = Date.parse(at) - real()
      Object.assign(Date, { now: () => real() + offset })
    }, shownAt)
    // Node states the machine's own time, whatever the gateway's is.
    await context.route(/\/v1\/(?!events)/, async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, headers: { ...response.headers(), date: new Date(shownAt).toUTCString() } })
    })
    const page = await context.newPage()
    page.on("pageerror", (error) => problems.push(error.message))
    for (const [name, path, prepare] of views) {
      await page.goto(`${url}/console${path}`)
      await prepare(page)
      await page.locator(".skeleton").first().waitFor({ state: "detached" })
      await page.getByText("live", { exact: true }).waitFor()
      if ((await page.locator(".notice.bad").count()) > 0) problems.push(`${name} shows an error`)
      await page.screenshot({ path: join(pictures, `console-${name}-${colorScheme}.png`) })
    }
  } finally {
    await browser.close()
  }
  return problems
}

Effect.gen(function* () {
  const slackUrl = yield* FakeServer.serve(new FakeSlack())
  const hipChatUrl = yield* FakeServer.serve(new FakeHipChat({ token: "the-rooms-auth-token" }))
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "tocsin-pictures-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true }))
  )
  const { url } = yield* GatewayProcess.start(
    {
      TOCSIN_DATABASE_URL: `sqlite:${join(folder, "tocsin.db")}`,
      TOCSIN_EGRESS_ALLOW: "127.0.0.1",
      TOCSIN_DEMO_NOW: demoNow
    },
    { first: new URL("fixedClock.ts", import.meta.url) }
  )
  yield* Effect.promise(() => seedConsole({ url, slackUrl, hipChatUrl, now: Date.parse(demoNow) }))
  for (const scheme of ["light", "dark"] as const) {
    const [problem] = yield* Effect.promise(() => take(url, scheme))
    if (problem !== undefined) return yield* new PictureFailed({ message: `In ${scheme}: ${problem}` })
  }
  yield* Console.log(`Wrote ${views.length * 2} pictures to docs/pictures.`)
}).pipe(Effect.scoped, NodeRuntime.runMain)
