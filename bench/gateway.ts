/**
 * A gateway as `pnpm start` runs it, with integrations that post to the chat service.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { send } from "./load.ts"
import { program, type Program } from "./program.ts"
import type { StandIn } from "./standIn.ts"

/** Wide enough that the rate limit never applies. */
export const unlimited = { messages: 1_000_000, perSeconds: 1, burst: 1_000_000 }

/** Narrow enough that everything after the first message waits. */
export const held = { messages: 1, perSeconds: 86_400, burst: 1 }

/** Starts a gateway on a store, by its `TOCSIN_DATABASE_URL`. */
export const startGateway = (
  database: string,
  more: { readonly env?: Readonly<Record<string, string>>; readonly execArgv?: ReadonlyArray<string> } = {}
): Promise<Program> =>
  program("apps/gateway/src/main.ts", {
    ...more,
    env: {
      TOCSIN_PORT: "0",
      TOCSIN_DATABASE_URL: database,
      TOCSIN_EGRESS_ALLOW: "127.0.0.1",
      TOCSIN_KEY: Buffer.alloc(32, 1).toString("base64"),
      ...more.env
    }
  })

/** Creates an integration that posts to this path of the chat service, such as `ok/a`; without limits, at Slack's rate. */
export const integrate = (
  gateway: Program,
  standIn: StandIn,
  id: string,
  path: string,
  limits: object | null = unlimited
) =>
  send("POST", `${gateway.url}/v1/integrations`, {
    id,
    type: "slack",
    name: id,
    settings: { url: `${standIn.url}/${path}` },
    ...(limits && { limits })
  })

/** Creates a rule that sends alerts to integrations. */
export const rule = (gateway: Program, id: string, match: object, integrations: ReadonlyArray<string>) =>
  send("POST", `${gateway.url}/v1/rules`, { id, name: id, match, integrations, notifyOnClear: false })

/** How many deliveries are in a state. */
export const deliveries = async (gateway: Program, status: string): Promise<number> => {
  const answer = await send("GET", `${gateway.url}/v1/deliveries?status=${status}&limit=1`)
  return typeof answer === "object" && answer !== null && "total" in answer ? Number(answer.total) : NaN
}

/** A gateway with one lane, to `ok/<name>`, for every alert. */
export const startWithLane = async (
  database: string,
  standIn: StandIn,
  name: string,
  more?: Parameters<typeof startGateway>[1]
): Promise<Program> => {
  const gateway = await startGateway(database, more)
  await integrate(gateway, standIn, "bench", `ok/${name}`)
  await rule(gateway, "all", {}, ["bench"])
  return gateway
}

/** Runs with a temporary folder. */
export const inFolder = async <A>(run: (folder: string) => Promise<A>): Promise<A> => {
  const folder = await mkdtemp(join(tmpdir(), "tocsin-bench-"))
  try {
    return await run(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
