import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { inFolder, integrate, rule, startGateway } from "../gateway.ts"
import { alert, fresh, post } from "../load.ts"
import { type Figure, median, percentile, type Row } from "../row.ts"
import { now, type StandIn } from "../standIn.ts"

/** How often alerts are posted, in milliseconds: 50 a second. */
const every = 20

/** Posts so many alerts, one after the other at their times, and gives how long each took from its request to its post. */
export const atFifty = async (
  standIn: StandIn,
  url: string,
  path: string,
  count: number,
  more: object = {}
): Promise<ReadonlyArray<number>> => {
  standIn.forget()
  const sent = new Map<number, number>()
  const answers: Array<Promise<number>> = []
  const began = now()
  for (const [index, number] of fresh(count).entries()) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + index * every - now())))
    sent.set(number, now())
    answers.push(post(url, [alert(number, more)], 1))
  }
  await Promise.all(answers)
  const { at } = await standIn.toldSingly(path, count)
  return at.map(([number, at]) => at - (sent.get(number) ?? NaN))
}

/** What one write that is forced to the disk takes, in milliseconds. */
const syncs = (folder: string, count: number): ReadonlyArray<number> => {
  const file = openSync(join(folder, "sync"), "w")
  const took = Array.from({ length: count }, () => {
    const from = now()
    writeSync(file, Buffer.alloc(4096))
    fdatasyncSync(file)
    return now() - from
  })
  closeSync(file)
  return took
}

/** How long an alert takes at 50 a second. */
export const latency: Row = {
  name: "latency",
  run: ({ quick, standIn }) =>
    inFolder(async (folder) => {
      const gateway = await startGateway(`sqlite:${join(folder, "bench.db")}`)
      await integrate(gateway, standIn, "bench", "ok/latency")
      await rule(gateway, "all", {}, ["bench"])
      const rounds = []
      for (let round = 0; round <= (quick ? 0 : 3); round++) {
        rounds.push(await atFifty(standIn, `${gateway.url}/v1/alerts`, "ok/latency", quick ? 25 : 500))
      }
      await gateway.stop()
      const from = `one sync of this disk ${median(syncs(folder, quick ? 5 : 50)).toFixed(2)} ms`
      const measured = quick ? rounds : rounds.slice(1)
      return [0.5, 0.99].map((part): Figure => ({
        what: `accept to told at 50 alerts/s: p${part * 100}`,
        values: measured.map((took) => percentile(took, part)),
        unit: "ms",
        from
      }))
    })
}
