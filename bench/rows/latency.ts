import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { inFolder, startWithLane } from "../gateway.ts"
import { alert, fresh, post } from "../load.ts"
import { alertmanagerAlert, alertmanagerSeconds, againIfDelayed, startAlertmanager } from "../peers.ts"
import { type Figure, median, type Missing, percentile, rates, ratios, type Row } from "../row.ts"
import { now, type StandIn } from "../standIn.ts"

/** Milliseconds between alerts: 50 a second. */
const every = 20

/** Posts alerts one after the other, each at its time, and returns the milliseconds from each request to its post. */
export const atFifty = async (
  standIn: StandIn,
  url: string,
  path: string,
  count: number,
  body: (number: number) => unknown = (number) => alert(number),
  seconds?: number
): Promise<ReadonlyArray<number>> => {
  await standIn.forget()
  const sent = new Map<number, number>()
  const answers: Array<Promise<number>> = []
  const began = now()
  for (const [index, number] of fresh(count).entries()) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + index * every - now())))
    sent.set(number, now())
    answers.push(post(url, [body(number)], 1))
  }
  await Promise.all(answers)
  const { at } = await standIn.postedSingly(path, count, seconds)
  return at.map(([number, at]) => at - (sent.get(number) ?? NaN))
}

/** Milliseconds of one write that is synced to disk. */
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

/** How long an alert takes at 50 a second, against Alertmanager, which stores nothing, and two syncs of this disk. */
export const latency: Row = {
  name: "latency",
  run: ({ quick, standIn }) =>
    inFolder(async (folder) => {
      const gateway = await startWithLane(`sqlite:${join(folder, "bench.db")}`, standIn, "latency")
      const alertmanager = await startAlertmanager(folder, standIn, "ok/alertmanager")
      const count = quick ? 25 : 250
      // Both are measured warm: a process that has just started still compiles.
      const before = fresh(quick ? 25 : 5000)
      await post(
        `${gateway.url}/v1/alerts`,
        before.map((number) => alert(number))
      )
      await standIn.postedSingly("ok/latency", before.length)
      if (alertmanager !== undefined) {
        await againIfDelayed(async () => {
          await standIn.forget()
          await post(`${alertmanager.url}/api/v2/alerts`, fresh(before.length).map(alertmanagerAlert))
          await standIn.postedSingly("ok/alertmanager", before.length, alertmanagerSeconds)
        })
      }
      const took = { gateway: [] as Array<ReadonlyArray<number>>, alertmanager: [] as Array<ReadonlyArray<number>> }
      for (let round = 0; round < (quick ? 1 : 3); round++) {
        const ours = await atFifty(standIn, `${gateway.url}/v1/alerts`, "ok/latency", count)
        const theirs =
          alertmanager &&
          (await againIfDelayed(() =>
            atFifty(
              standIn,
              `${alertmanager.url}/api/v2/alerts`,
              "ok/alertmanager",
              count,
              alertmanagerAlert,
              alertmanagerSeconds
            )
          ))
        took.gateway.push(ours)
        if (theirs !== undefined) took.alertmanager.push(theirs)
      }
      await Promise.all([gateway.stop(), alertmanager?.stop()])
      const sync = median(syncs(folder, quick ? 5 : 50))
      return [0.5, 0.99].map((part): Figure | Missing => {
        const what = `SQLite, accept to delivered at 50 alerts/s: p${part * 100} against Alertmanager's and two syncs of this disk`
        if (alertmanager === undefined) return { what, missing: "prometheus-alertmanager is not installed" }
        const ours = took.gateway.map((round) => percentile(round, part))
        const theirs = took.alertmanager.map((round) => percentile(round, part))
        return {
          what,
          values: ratios(
            ours,
            theirs.map((ms) => ms + 2 * sync)
          ),
          unit: "x",
          goal: { atMost: 1 },
          from: `${rates({ gateway: ours, Alertmanager: theirs }, "ms")}, a sync ${sync.toFixed(2)} ms`
        }
      })
    })
}
