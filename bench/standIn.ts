/**
 * The chat service of the bench, in a process of its own.
 */
import { program, type Program } from "./program.ts"

/** Asks to be notified once this many different alerts were posted to the lanes whose path begins with this. */
export interface Wanted {
  readonly lane: string
  readonly alerts: number
}

/** What was posted to these lanes since they were last reset. */
export interface Told {
  /** Requests that were answered, also those that were refused. */
  readonly posts: number
  readonly refused: number
  /** Posts about none or several alerts. */
  readonly shared: number
  /** Each alert's number, and when it was first posted, in milliseconds of the machine's monotonic clock. */
  readonly at: ReadonlyArray<readonly [alert: number, at: number]>
}

/** Not all alerts were posted in time. */
export class NotPosted extends Error {}

/** A running stand-in. */
export interface StandIn extends Program {
  /** Waits until they were posted; fails after this many seconds. */
  readonly posted: (lane: string, alerts: number, seconds?: number) => Promise<Told>
  /** The same, and fails unless each had a post of its own. */
  readonly postedSingly: (lane: string, alerts: number, seconds?: number) => Promise<Told>
  /** Resets all lanes; what is posted once this has resolved counts. */
  readonly forget: () => Promise<void>
}

/** The machine's monotonic clock, in milliseconds: the same for all its processes. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Starts it in a process of its own. */
export const startStandIn = async (): Promise<StandIn> => {
  const started = await program("bench/programs/standIn.ts")
  const { child } = started
  const posted = (lane: string, alerts: number, seconds = 120) =>
    new Promise<Told>((resolve, reject) => {
      const done = (message: unknown) => {
        clearTimeout(timer)
        resolve(message as Told)
      }
      const timer = setTimeout(() => {
        child.off("message", done)
        reject(new NotPosted(`not all of ${alerts} alerts were posted to ${lane} within ${seconds} s`))
      }, seconds * 1000)
      child.once("message", done)
      child.send({ lane, alerts } satisfies Wanted)
    })
  return {
    ...started,
    posted,
    postedSingly: async (lane, alerts, seconds) => {
      const result = await posted(lane, alerts, seconds)
      if (result.at.length !== alerts || result.posts !== alerts || result.shared > 0) {
        throw new Error(
          `${alerts} alerts needed a post each: there were ${result.posts} posts about ${result.at.length} alerts, ${result.shared} of them shared`
        )
      }
      return result
    },
    forget: () =>
      new Promise((resolve) => {
        const read = (message: unknown) => {
          if (message !== "forgotten") return
          child.off("message", read)
          resolve()
        }
        child.on("message", read)
        child.send("forget")
      })
  }
}
