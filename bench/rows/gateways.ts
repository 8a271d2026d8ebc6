import { startPostgres } from "@tocsin/test-postgres"
import { availableParallelism } from "node:os"
import { integrate, rule, startGateway } from "../gateway.ts"
import { alert, fresh, post } from "../load.ts"
import type { Program } from "../program.ts"
import { alternate, type Figure, median, ratios, type Row } from "../row.ts"
import { now, type StandIn } from "../standIn.ts"
import { cpuOfBench, cpuWithChildren, usage } from "../usage.ts"

const lanes = Array.from({ length: 32 }, (_, lane) => `lane-${lane}`)

/** Two and four gateways on one PostgreSQL, against one: three groups of them, each with a database of its own. */
export const gateways: Row = {
  name: "gateways",
  run: async ({ quick, standIn }) => {
    const count = quick ? 64 : 1600
    const postgres = await startPostgres("fsync=on", "synchronous_commit=on")
    try {
      /** Which processes used the CPU in the last round, for each group. */
      const users: Record<string, string> = {}
      const start = async (size: number) => {
        await postgres.server.createDatabase(`of${size}`)
        const members = await startGroup(postgres.url(`of${size}`), size, standIn)
        const measure = async () => {
          const { busy, result, used } = await usage(
            {
              ...Object.fromEntries(members.map(({ cpu }, n) => [`gateway ${n + 1}`, cpu])),
              PostgreSQL: () => cpuWithChildren(postgres.pid()),
              load: cpuOfBench,
              "stand-in": standIn.cpu
            },
            () => toldByGroup(members, count, standIn)
          )
          users[size] = whatLimits(used, busy)
          return result
        }
        return { size, members, measure }
      }
      const groups = []
      for (const size of quick ? [1, 2] : [1, 2, 4]) groups.push(await start(size))
      const sides = await alternate(
        quick ? 1 : 3,
        Object.fromEntries(groups.map(({ measure, size }) => [size, measure] as const))
      )
      await Promise.all(groups.flatMap(({ members }) => members.map(({ stop }) => stop())))
      const rateOf = (size: number) => `${size}: ${median(sides[size] ?? []).toFixed(0)} alerts/s; ${users[size]}`
      return groups.slice(1).map(({ size }): Figure => ({
        what: `${size} gateways on one PostgreSQL, 32 lanes, against one`,
        values: ratios(sides[size] ?? [], sides[1] ?? []),
        unit: "x",
        ...(size === 2 && { goal: { atLeast: 1 } }),
        from: `${rateOf(size)}. ${rateOf(1)}`
      }))
    } finally {
      await postgres.stop()
    }
  }
}

/** Gateways on one database, each with its share of the lanes. */
const startGroup = async (database: string, size: number, standIn: StandIn): Promise<ReadonlyArray<Program>> => {
  const members = [await startGateway(database)]
  const [first] = members
  if (first === undefined) return members
  for (const lane of lanes) {
    await integrate(first, standIn, lane, `ok/of-${size}-${lane}`)
    await rule(first, lane, { labels: { lane } }, [lane])
  }
  while (members.length < size) members.push(await startGateway(database))
  return members
}

/** Posts alerts to a group, to each member its share, and returns how many a second were delivered. */
const toldByGroup = async (members: ReadonlyArray<Program>, count: number, standIn: StandIn): Promise<number> => {
  await standIn.forget()
  const bodies = fresh(count).map((number) => alert(number, { labels: { lane: lanes[number % lanes.length] } }))
  const began = now()
  await Promise.all(
    members.map(({ url }, n) =>
      post(
        `${url}/v1/alerts`,
        bodies.filter((_, index) => index % members.length === n),
        64 / members.length
      )
    )
  )
  const { at } = await standIn.postedSingly(`ok/of-${members.length}-`, count)
  return count / ((Math.max(...at.map(([, at]) => at)) - began) / 1000)
}

const whatLimits = (used: Readonly<Record<string, number>>, busy: number): string => {
  const percent = (part: number) => `${(100 * part).toFixed(0)}%`
  const cores = availableParallelism()
  const parts = Object.entries(used).map(([name, part]) => `${name} ${percent(part)}`)
  const full = Object.entries(used).filter(([, part]) => part > 0.9)
  const others = busy * cores - Object.values(used).reduce((sum, part) => sum + part)
  const limit =
    busy > 0.9
      ? `its ${cores} cores limit`
      : full.length > 0
        ? `${full.map(([name]) => name).join(", ")} limit by a full core each`
        : "neither the cores nor one process limits"
  return `of a core ${parts.join(", ")}, others ${percent(Math.max(0, others))}; the machine ${percent(busy)} busy: ${limit}`
}
