import { once } from "node:events"
import { readFileSync } from "node:fs"
// @boundaries-ignore the bench measures the bodies that the gateway is tested with
import { hostile as bodies } from "../../apps/gateway/test/harness/hostileBodies.ts"
import { startGateway } from "../gateway.ts"
import { alert } from "../load.ts"
import type { Program } from "../program.ts"
import { median, type Row } from "../row.ts"
import { threadCpu } from "../usage.ts"

const alerts = "/v1/alerts"
const thousandEyes = "/v1/sources/thousandeyes"
const prometheus = "/api/v2/alerts"
const pagerDuty = "/v2/enqueue"

/** How long one request can keep the gateway from all others, against what reads the same bodies at once. */
export const hostile: Row = {
  name: "hostile",
  run: async ({ quick }) => {
    const gateway = await startGateway("sqlite::memory:", {
      execArgv: ["--import", new URL("../programs/eventLoop.ts", import.meta.url).href]
    })
    const measured: Array<{ readonly name: string; readonly turn: number; readonly parse: number }> = []
    for (const { body, name, path } of posts()) {
      const turns: Array<number> = []
      for (let round = 0; round < (quick ? 1 : 5); round++) {
        turns.push(await longestTurn(gateway, () => fetch(`${gateway.url}${path}`, { method: "POST", body })))
      }
      measured.push({ name: `${name} to ${path}`, turn: median(turns), parse: parseTime(body) })
    }
    await gateway.stop()
    const [worst, ...others] = measured.toSorted((a, b) => b.turn - a.turn)
    if (worst === undefined) return []
    const shown = [worst, ...others.slice(0, 4)]
    return [
      {
        what: "bodies made to block the gateway: longest turn of its event loop, in CPU time",
        values: [worst.turn],
        unit: "ms",
        goal: { atMost: 50 },
        from: shown
          .map(({ name, parse, turn }) => `${name} ${turn.toFixed(1)} ms (JSON.parse ${parse.toFixed(1)} ms)`)
          .join(", ")
      },
      {
        what: "the same, against JSON.parse of the body that takes that the longest",
        values: [worst.turn / Math.max(...measured.map(({ parse }) => parse))],
        unit: "x",
        goal: { atMost: 1 }
      }
    ]
  }
}

const many = <A>(count: number, make: (n: number) => A) => Array.from({ length: count }, (_, n) => make(n))

/** The hostile bodies, and bodies that are right and as large as they may be. */
const posts = () => {
  const fixture = new URL("../../packages/sources/test/fixtures/thousandeyes-trigger.json", import.meta.url)
  const trigger = JSON.parse(readFileSync(fixture, "utf8")) as { readonly alert: object }
  const agents = many(24_000, (n) => ({ agentId: n, agentName: `Agent ${n}`, metricsAtStart: "1 %" }))
  const observations = many(24_000, (n) => ({ name: `a${n}`, atStart: "1 %", link: `https://example.com/${n}` }))
  return [
    ...Object.entries(bodies).flatMap(([name, { bytes }]) =>
      [alerts, thousandEyes, prometheus, pagerDuty].map((path) => ({ name, path, body: bytes.toString() }))
    ),
    {
      name: "99 alerts with 1,000 labels",
      path: prometheus,
      body: JSON.stringify(
        many(99, (alert) => ({ labels: Object.fromEntries(many(998, (n) => [`l${n}`, `${alert} ${"x".repeat(30)}`])) }))
      )
    },
    { name: "1,000 alerts", path: alerts, body: JSON.stringify(many(1000, (n) => alert(n))) },
    { name: "24,000 observations", path: alerts, body: JSON.stringify({ ...alert(1000), observations }) },
    {
      name: "24,000 agents",
      path: thousandEyes,
      body: JSON.stringify({ ...trigger, alert: { ...trigger.alert, agents } })
    }
  ]
}

const longestTurn = async ({ child }: Program, run: () => Promise<Response>): Promise<number> => {
  child.send("start")
  await (await run()).text()
  child.send("end")
  const [turn] = await once(child, "message")
  return Number(turn)
}

const parseTime = (body: string): number => {
  const began = threadCpu()
  try {
    JSON.parse(body)
  } catch {
    // Some of them are not JSON.
  }
  return threadCpu() - began
}
