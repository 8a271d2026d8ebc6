/**
 * Consoles without a browser: the requests of pages that show the list of alerts, at the pace of the console's own code.
 * Keeps as many open as the last message of its parent says.
 */
import { once } from "node:events"
import { Agent, request } from "undici"

/** The console's own pace. Its package exports no code, so it is found by its path, as the programs of the bench are. */
const { paced }: { readonly paced: (read: () => Promise<unknown>) => () => void } = await import(
  new URL("../../apps/console/app/data/paced.ts", import.meta.url).href
)

const [, , gateway = ""] = process.argv
const list = `${gateway}/v1/alerts?limit=100&state=raised`

Object.assign(globalThis, { document: { visibilityState: "visible" } })

/** Opens one console; returns when it has read the list. What it reads is not decoded: on other machines that costs nothing here. */
const open = async (): Promise<Agent> => {
  const dispatcher = new Agent({ bodyTimeout: 0 })
  const { promise: isRead, resolve } = Promise.withResolvers<void>()
  const read = paced(async () => {
    const { body } = await request(list, { dispatcher, headers: { "cache-control": "max-age=1" } })
    await once(body.resume(), "end")
    resolve()
  })
  const { body } = await request(`${gateway}/v1/events`, { dispatcher })
  body.on("error", () => {})
  body.on("data", (events: Buffer) => {
    if (/^event: (ready|reset|changes)$/m.test(events.toString())) read()
  })
  await isRead
  return dispatcher
}

const opened: Array<Agent> = []

process.on("message", async (count: number) => {
  opened.push(...(await Promise.all(Array.from({ length: count - opened.length }, open))))
  await Promise.all(opened.splice(count).map((agent) => agent.destroy()))
  process.send?.("done")
})
process.on("disconnect", () => process.exit())
process.on("SIGTERM", () => process.exit())
console.log(gateway)
