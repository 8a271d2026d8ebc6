/**
 * The stand-in of the chat service, as the bench talks to it.
 */
import { program, type Program } from "./program.ts"

/** Asks for word once so many different alerts were told in the lanes whose path begins so. */
export interface Wanted {
  readonly lane: string
  readonly alerts: number
}

/** What was told in these lanes since they were forgotten last. */
export interface Told {
  /** Requests that were answered, also those that were refused. */
  readonly posts: number
  readonly refused: number
  /** Posts that spoke of none or of several alerts. */
  readonly shared: number
  /** Each alert's number, and when it was told first, in milliseconds of the machine's monotonic clock. */
  readonly at: ReadonlyArray<readonly [alert: number, at: number]>
}

/** A running stand-in. */
export interface FallbackOf extends Program {
  /** Waits until they were told; fails after so many seconds. */
  readonly told: (lane: string, alerts: number, seconds?: number) => Promise<Told>
  /** The same, and fails unless each had a post of its own. */
  readonly toldSingly: (lane: string, alerts: number, seconds?: number) => Promise<Told>
  readonly forget: () => void
}

/** The machine's monotonic clock, in milliseconds: the same for all its processes. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Starts it in a process of its own. */
export const startStandIn = async (): Promise<FallbackOf> => {
  const started = await program("bench/programs/standIn.ts")
  const { child } = started
  const told = (lane: string, alerts: number, seconds = 120) =>
    new Promise<Told>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`not all of ${alerts} alerts were told in ${seconds} s`)),
        seconds * 1000
      )
      child.once("message", (message) => {
        clearTimeout(timer)
        resolve(message as Told)
      })
      child.send({ lane, alerts } satisfies Wanted)
    })
  return {
    ...started,
    told,
    toldSingly: async (lane, alerts, seconds) => {
      const result = await told(lane, alerts, seconds)
      if (result.at.length !== alerts || result.posts !== alerts || result.shared > 0) {
        throw new Error(
          `${alerts} alerts were owed a post each: there were ${result.posts} posts about ${result.at.length} alerts, ${result.shared} of them shared`
        )
      }
      return result
    },
    forget: () => {
      child.send("forget")
    }
  }
}
