import { once } from "node:events"
import type { Browser, BrowserContext } from "playwright-core"
import { startBrowser, visit } from "../browser.ts"
import { program, type Program } from "../program.ts"
import { alternate, type Figure, rates, ratios } from "../row.ts"
import type { StandIn } from "../standIn.ts"
import { acceptToDelivered } from "./throughput.ts"

/** What twenty open consoles cost the gateway: as their requests alone, and in a browser on the same machine. */
export const crowd = async (
  chromium: string,
  gateway: Program,
  standIn: StandIn,
  quick: boolean
): Promise<ReadonlyArray<Figure>> => {
  const counts = quick ? { consoles: 2, alerts: 100, rounds: 1 } : { consoles: 20, alerts: 3000, rounds: 5 }
  const deliver = acceptToDelivered(standIn, gateway.url, "ok/few", counts.alerts, 1, { labels: { lane: "few" } })
  // A browser that closes its pages still uses the CPU in the next turn, so the requests alone are measured first.
  return [
    ...(await requestsAlone(gateway, deliver, counts)),
    ...(await inBrowser(chromium, gateway, deliver, { ...counts, rounds: quick ? 1 : 3 }))
  ]
}

interface Counts {
  readonly consoles: number
  readonly alerts: number
  readonly rounds: number
}

const requestsAlone = async (
  gateway: Program,
  deliver: () => Promise<number>,
  { alerts, consoles, rounds }: Counts
): Promise<ReadonlyArray<Figure>> => {
  const clients = await program("bench/programs/consoles.ts", { args: [gateway.url] })
  const open = async (count: number) => {
    clients.child.send(count)
    await once(clients.child, "message")
  }
  /** The gateway's CPU time for an alert in microseconds, in each round. */
  const cpu = { none: [] as Array<number>, clients: [] as Array<number> }
  const measured = (side: keyof typeof cpu, count: number) => async () => {
    await open(count)
    const before = gateway.cpu()
    const rate = await deliver()
    cpu[side].push((1000 * (gateway.cpu() - before)) / alerts)
    return rate
  }
  const sides = await alternate(rounds, { none: measured("none", 0), clients: measured("clients", consoles) })
  await clients.stop()
  return [
    {
      what: "20 consoles open on other machines: durable accept to delivered, against none",
      values: ratios(sides.clients, sides.none),
      unit: "x",
      goal: { atLeast: 0.95 },
      from: `${rates(sides, "alerts/s")}; the gateway's CPU for an alert: ${rates(cpu, "µs")}; the clients make the requests of a console without its browser`
    }
  ]
}

const inBrowser = async (
  chromium: string,
  gateway: Program,
  deliver: () => Promise<number>,
  { consoles, rounds }: Counts
): Promise<ReadonlyArray<Figure>> => {
  const browser = await startBrowser(chromium)
  if (browser === undefined) return []
  const sides = await alternate(rounds, {
    without: deliver,
    with: async () => {
      const opened = await Promise.all(Array.from({ length: consoles }, () => openConsole(browser, gateway)))
      const rate = await deliver()
      await Promise.all(opened.map((context) => context.close()))
      return rate
    }
  })
  await browser.close()
  return [
    {
      what: "20 consoles open in Chromium on the gateway's machine: durable accept to delivered, against none",
      values: ratios(sides.with, sides.without),
      unit: "x",
      from: `${rates(sides, "alerts/s")}; the browser runs at the lowest priority`
    }
  ]
}

const openConsole = async (browser: Browser, gateway: Program): Promise<BrowserContext> => {
  const context = await visit(browser)
  const page = await context.newPage()
  await page.goto(`${gateway.url}/console/alerts`)
  await page.getByRole("banner").getByText("live", { exact: true }).waitFor()
  return context
}
