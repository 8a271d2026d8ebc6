import type { Browser, BrowserContext } from "playwright-core"
import { join } from "node:path"
import {
  firstRow,
  heapOf,
  politeChromium,
  startBrowser,
  startWithProfile,
  visit,
  watchFrames,
  watchTasks
} from "../browser.ts"
import { copies } from "../fill.ts"
import { inFolder, integrate, rule, startGateway } from "../gateway.ts"
import { alert, fresh, post, send } from "../load.ts"
import type { Program } from "../program.ts"
import { alternate, type Figure, median, type Missing, percentile, rates, ratios, type Row } from "../row.ts"
import { now, type StandIn } from "../standIn.ts"
import { crowd } from "./consoleCrowd.ts"

/** Rows of the plain table, and of the console's first block. */
const plainRows = 100

/** The gateway sends a batch of changes every quarter of a second at most. */
const batch = 250

/** The console in a real browser, against a plain table of the same gateway, an empty page, and no console. */
export const consoleRow: Row = {
  name: "console",
  run: ({ quick, standIn }) =>
    inFolder(async (folder): Promise<ReadonlyArray<Figure | Missing>> => {
      const browser = await startBrowser()
      if (browser === undefined) return [{ what: "the console in a browser", missing: "chromium is not installed" }]
      const count = quick ? 1000 : 100_000
      const few = await start(standIn, join(folder, "few.db"), "few", plainRows)
      const many = await start(standIn, join(folder, "many.db"), "many", count)
      try {
        return [
          ...(await opening(folder, browser, many, standIn, quick)),
          ...(await scrolling(browser, few, many, quick)),
          ...(await changes(browser, many, quick)),
          ...(await storm(browser, few, quick)),
          ...(await crowd(politeChromium(folder), few, standIn, quick))
        ]
      } finally {
        await browser.close()
        await Promise.all([few.stop(), many.stop()])
      }
    })
}

/** A gateway with so many open alerts, each delivered, and with a lane `ok/<name>`. */
const start = async (standIn: StandIn, file: string, name: string, count: number): Promise<Program> => {
  const open = () => startGateway(`sqlite:${file}`, { env: { TOCSIN_PUBLIC_URL: "http://127.0.0.1" } })
  const first = await open()
  await integrate(first, standIn, "bench", `ok/${name}`)
  await rule(first, "all", { labels: { lane: name } }, ["bench"])
  const [number = 0] = fresh(1)
  await standIn.forget()
  await post(`${first.url}/v1/alerts`, [alert(number, { labels: { lane: name } })])
  await standIn.postedSingly(`ok/${name}`, 1)
  await first.stop()
  copies(file, `alert-${number}`, count - 1, 1000)
  return open()
}

/** How soon the first rows are on screen. */
const opening = async (folder: string, browser: Browser, gateway: Program, standIn: StandIn, quick: boolean) => {
  const pages = {
    console: { url: `${gateway.url}/console/alerts`, row: "[role=table] [role=row] a" },
    plain: { url: await plainTable(gateway, standIn), row: "table td" }
  }
  const open = async (context: BrowserContext, name: keyof typeof pages) => {
    const page = await context.newPage()
    const took = await firstRow(page, pages[name].url, pages[name].row)
    await page.close()
    // The browser that closes a page must not slow the next one down.
    await new Promise((resolve) => setTimeout(resolve, quick ? 0 : 250))
    return took
  }
  const once = (name: keyof typeof pages) => async () => {
    const context = await visit(browser)
    const took = await open(context, name)
    await context.close()
    return took
  }
  const regular = await startWithProfile(join(folder, "profile"))
  // A browser keeps a script's compiled form when it has seen it some times.
  for (let visits = 0; visits < 3; visits++) for (const name of ["console", "plain"] as const) await open(regular, name)
  const sides = {
    ...(await alternate(quick ? 1 : 5, { console: once("console"), plain: once("plain") })),
    ...(await alternate(quick ? 1 : 15, {
      "console cached": () => open(regular, "console"),
      "plain cached": () => open(regular, "plain")
    }))
  }
  await regular.close()
  const from = `${rates(sides, "ms")}; the plain page is a digest's list of ${plainRows} alerts or more`
  return [
    {
      what: "console, first rows on screen, nothing cached, against a plain table of the same gateway",
      values: ratios(sides.console, sides.plain),
      unit: "x",
      goal: { atMost: 3 },
      from
    },
    {
      what: "the same, cached",
      values: ratios(sides["console cached"], sides["plain cached"]),
      unit: "x",
      goal: { atMost: 1.3 },
      from
    }
  ] satisfies ReadonlyArray<Figure>
}

/** The address of a digest's page: a plain table that the gateway renders. */
const plainTable = async (gateway: Program, standIn: StandIn): Promise<string> => {
  await integrate(gateway, standIn, "digest", "ok/digest", { messages: 1, perSeconds: 2, burst: 1 })
  await rule(gateway, "digest", { labels: { lane: "digest" } }, ["digest"])
  const alerts = fresh(plainRows + 40).map((number) => alert(number, { labels: { lane: "digest" } }))
  await post(`${gateway.url}/v1/alerts`, [alerts])
  for (let polls = 0; polls < 100; polls++) {
    const lanes = JSON.stringify(await send("GET", `${gateway.url}/v1/lanes`))
    const [, included, key] = /"status":"delivered","included":(\d+),"page":"[^"]*digests\/([^"]+)"/.exec(lanes) ?? []
    if (key !== undefined && Number(included) >= plainRows) return `${gateway.url}/digests/${key}`
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`There is no digest: ${JSON.stringify(await send("GET", `${gateway.url}/v1/lanes`))}`)
}

/** What a list of any length costs. */
const scrolling = async (browser: Browser, few: Program, many: Program, quick: boolean) => {
  const milliseconds = quick ? 500 : 4000
  const rounds = quick ? 1 : 2
  const open = async (gateway: Program) => {
    const context = await visit(browser)
    const page = await context.newPage()
    await page.goto(`${gateway.url}/console/alerts`)
    await page.locator("[role=table] [role=row] a").first().waitFor()
    return { context, page }
  }
  const frames = { scrolling: [] as Array<number>, still: [] as Array<number> }
  const heaps = { many: [] as Array<number>, few: [] as Array<number> }
  const rows: Array<number> = []
  for (let round = 0; round < rounds; round++) {
    for (const [name, gateway] of [
      ["many", many],
      ["few", few]
    ] as const) {
      const { context, page } = await open(gateway)
      const still = await watchFrames(page, milliseconds, false)
      const scrolled = await watchFrames(page, milliseconds, true)
      if (name === "many") {
        frames.still.push(percentile(still.frames, 0.95))
        frames.scrolling.push(percentile(scrolled.frames, 0.95))
        rows.push(scrolled.rows)
      }
      heaps[name].push((await heapOf(page)) / 2 ** 20)
      await context.close()
    }
  }
  return [
    {
      what: "console, 95th percentile of frames while scrolling through 100,000 alerts, against standing still",
      values: ratios(frames.scrolling, frames.still),
      unit: "x",
      goal: { atMost: 2 },
      from: rates(frames, "ms")
    },
    { what: "the same: rows in the document", values: rows, unit: "rows", goal: { atMost: 60 } },
    {
      what: "console, heap with 100,000 alerts after scrolling through them, against 100",
      values: ratios(heaps.many, heaps.few),
      unit: "x",
      goal: { atMost: 2.5 },
      from: rates(heaps, "MiB")
    }
  ] satisfies ReadonlyArray<Figure>
}

/** From a change in the store to the screen, against an empty page that reads the stream. */
const changes = async (browser: Browser, gateway: Program, quick: boolean) => {
  const context = await visit(browser)
  const shown = await context.newPage()
  await shown.goto(`${gateway.url}/console/alerts?source=live`)
  await shown.getByRole("banner").getByText("live", { exact: true }).waitFor()
  const bare = await context.newPage()
  await bare.goto(`${gateway.url}/livez`)
  await shown.bringToFront()
  const onScreen: Array<number> = []
  const onStream: Array<number> = []
  for (const number of fresh(quick ? 2 : 20)) {
    const stream = bare.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const source = new EventSource("/v1/events")
          source.addEventListener("ready", () => (document.title = "ready"))
          source.addEventListener("changes", ({ data }) => {
            if (!data.includes('"alert"')) return
            source.close()
            resolve(performance.timeOrigin + performance.now())
          })
        })
    )
    await bare.waitForFunction(() => document.title === "ready")
    await bare.evaluate(() => (document.title = ""))
    // Each change comes after a quiet moment.
    await new Promise((resolve) => setTimeout(resolve, 500))
    const name = `live ${number}`
    const screen = shown.evaluate(
      (name) =>
        new Promise<number>((resolve) => {
          const look = () => {
            if (!document.querySelector("main")?.textContent.includes(name)) return requestAnimationFrame(look)
            return resolve(performance.timeOrigin + performance.now())
          }
          look()
        }),
      name
    )
    const began = performance.timeOrigin + performance.now()
    await post(`${gateway.url}/v1/alerts`, [alert(number, { source: "live", rule: { name } })])
    onStream.push((await stream) - began)
    onScreen.push((await screen) - began)
  }
  await context.close()
  return [
    {
      what: "console, from a change to the screen (median), against twice a bare EventSource and one batch",
      values: [median(onScreen) / (2 * median(onStream) + batch)],
      unit: "x",
      goal: { atMost: 1 },
      from: `${rates({ screen: onScreen, EventSource: onStream }, "ms")}, a batch ${batch} ms`
    }
  ] satisfies ReadonlyArray<Figure>
}

/** The longest task of a page during 1,000 changes a second. */
const storm = async (browser: Browser, gateway: Program, quick: boolean) => {
  const context = await visit(browser)
  const page = await context.newPage()
  await page.goto(`${gateway.url}/console/alerts`)
  await page.getByRole("banner").getByText("live", { exact: true }).waitFor()
  const tasks = await watchTasks(page)
  const began = now()
  const seconds = quick ? 1 : 10
  for (let tenth = 0; tenth < seconds * 10; tenth++) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + tenth * 100 - now())))
    await post(`${gateway.url}/v1/alerts`, [fresh(100).map((number) => alert(number))])
  }
  const took = (now() - began) / 1000
  const long = await tasks()
  await context.close()
  return [
    {
      what: "console, 1,000 changes a second for 10 s: longest task in the page",
      values: [Math.max(0, ...long)],
      unit: "ms",
      goal: { atMost: 100 },
      from: `${long.length} tasks over 50 ms; ${((seconds * 1000) / took).toFixed(0)} changes/s`
    }
  ] satisfies ReadonlyArray<Figure>
}
