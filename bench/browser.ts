/**
 * Pages of the gateway in Debian's Chromium.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core"

const chromiumPath = "/usr/bin/chromium"
const args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
const view = { viewport: { width: 1280, height: 900 }, locale: "en-US" }

/** Starts Chromium by the program of this path; undefined if it is not installed. */
export const startBrowser = (executablePath = chromiumPath): Promise<Browser | undefined> =>
  chromium.launch({ executablePath, args }).catch(() => undefined)

/** Opens a browser with nothing in it. */
export const visit = (browser: Browser): Promise<BrowserContext> => browser.newContext(view)

/** Opens a browser that keeps what it loads and compiles in this folder, as a person's does. */
export const startWithProfile = (folder: string): Promise<BrowserContext> =>
  chromium.launchPersistentContext(folder, { executablePath: chromiumPath, args, ...view })

/** Milliseconds from the start of the navigation to the first frame after the first element that fits the selector. */
export const firstRow = async (page: Page, url: string, selector: string): Promise<number> => {
  await page.addInitScript((selector) => {
    const look = () => {
      if (document.querySelector(selector) === null) return requestAnimationFrame(look)
      return requestAnimationFrame(() =>
        setTimeout(() => (document.documentElement.dataset["firstRowAt"] = `${performance.now()}`))
      )
    }
    look()
  }, selector)
  await page.goto(url)
  const at = await page.waitForFunction(() => document.documentElement.dataset["firstRowAt"])
  return Number(await at.jsonValue())
}

/** What was seen while a list was scrolled from its top to its end, or stood still. */
export interface Frames {
  /** Milliseconds of each frame. */
  readonly frames: ReadonlyArray<number>
  /** The most rows that were in the document. */
  readonly rows: number
}

/** Watches a list for so many milliseconds, and scrolls it from top to end meanwhile if asked. */
export const watchFrames = (page: Page, milliseconds: number, isScrolling: boolean): Promise<Frames> =>
  page.evaluate(
    ([milliseconds, isScrolling]) =>
      new Promise<Frames>((resolve, reject) => {
        const list = document.querySelector("[role=table]")
        if (list === null) return reject(new Error("There is no list"))
        const began = performance.now()
        const frames: Array<number> = []
        let rows = 0
        let last = began
        const frame = () => {
          const now = performance.now()
          frames.push(now - last)
          last = now
          rows = Math.max(rows, list.querySelectorAll("[role=row]").length)
          if (now - began > milliseconds) return resolve({ frames: frames.slice(1), rows })
          if (isScrolling) list.scrollTop = ((now - began) / milliseconds) * list.scrollHeight
          return requestAnimationFrame(frame)
        }
        requestAnimationFrame(frame)
      }),
    [milliseconds, isScrolling] as const
  )

/** Bytes of JavaScript objects that a page keeps, after its garbage was collected. */
export const heapOf = async (page: Page): Promise<number> => {
  const session = await page.context().newCDPSession(page)
  await session.send("HeapProfiler.collectGarbage")
  const { usedSize } = await session.send("Runtime.getHeapUsage")
  await session.detach()
  return usedSize
}

/** Records the tasks of a page that take longer than 50 ms; returns what reads the milliseconds of each. */
export const watchTasks = async (page: Page): Promise<() => Promise<ReadonlyArray<number>>> => {
  const tasks = await page.evaluateHandle(() => {
    const tasks: Array<number> = []
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      entryTypes: ["longtask"]
    })
    return tasks
  })
  return () => tasks.jsonValue()
}

/** Writes a program that starts Chromium with what the machine's other programs leave of it; returns its path. */
export const politeChromium = (folder: string): string => {
  const path = join(folder, "polite-chromium")
  writeFileSync(path, `#!/bin/sh\nexec chrt --idle 0 ${chromiumPath} "$@"\n`, { mode: 0o755 })
  return path
}
