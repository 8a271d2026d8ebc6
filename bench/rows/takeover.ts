import { startPostgres } from "@tocsin/test-postgres"
import { integrate, rule, startGateway } from "../gateway.ts"
import { alert, fresh, post } from "../load.ts"
import type { Row } from "../row.ts"
import { now } from "../standIn.ts"

const lanes = Array.from({ length: 16 }, (_, lane) => `takeover-${lane}`)

/** How long a message waits when the gateway that owns its lane has died or is suspended, until another gateway sends it. */
export const takeover: Row = {
  name: "takeover",
  run: async ({ quick, standIn }) => {
    const postgres = await startPostgres()
    const measured = { SIGKILL: [] as Array<number>, SIGSTOP: [] as Array<number> }
    try {
      const start = () => startGateway(postgres.url("postgres"))
      const first = await start()
      for (const lane of lanes) {
        await integrate(first, standIn, lane, `ok/${lane}`)
        await rule(first, lane, { labels: { lane } }, [lane])
      }
      /** Posts one alert for each lane; returns the milliseconds until the last of them was posted. */
      const tellAll = async (url: string) => {
        await standIn.forget()
        const numbers = fresh(lanes.length)
        const bodies = numbers.map((number, n) => alert(number, { labels: { lane: lanes[n] } }))
        const began = await post(`${url}/v1/alerts`, bodies)
        const { at } = await standIn.posted("ok/takeover-", lanes.length)
        return (Math.max(...at.map(([, at]) => at)) - began) / 1000
      }
      for (let round = 0; round < (quick ? 1 : 5); round++) {
        for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
          const second = await start()
          // It owns its share within a second.
          for (const joined = now(); now() - joined < 3000;) await tellAll(first.url)
          second.child.kill(signal)
          measured[signal].push(await tellAll(first.url))
          second.child.kill("SIGKILL")
        }
      }
      await first.stop()
    } finally {
      await postgres.stop()
    }
    return [
      {
        what: "PostgreSQL: a lane's next message after its gateway was killed (kill -9)",
        values: measured.SIGKILL,
        unit: "s",
        goal: { atMost: 1 }
      },
      {
        what: "PostgreSQL: the same after its gateway was suspended (SIGSTOP)",
        values: measured.SIGSTOP,
        unit: "s",
        goal: { atMost: 5 }
      }
    ]
  }
}
