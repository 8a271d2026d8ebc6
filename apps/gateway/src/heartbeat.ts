/**
 * The heartbeat: a dead man's switch elsewhere raises an alarm when it stops.
 */
import { HttpChannel } from "@tocsin/core"
import { Readiness } from "@tocsin/delivery"
import { Effect, Layer, Option, Redacted } from "effect"
import { HttpClientRequest } from "effect/http"
import { Settings } from "./startup/settings/Settings.ts"

/** How long after a heartbeat the next one follows. */
const interval = "1 minute"

/** How long after a heartbeat that was not sent or not accepted the next try follows. */
const pause = "10 seconds"

/** The longest that the answer to a heartbeat is waited for. */
const answersWithin = "10 seconds"

/**
 * Calls `TOCSIN_HEARTBEAT_URL` every minute while alerts can be accepted and delivered: while `/readyz` is `ok`. Logs
 * when it stops, and when it resumes.
 */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const { heartbeatUrl } = yield* Settings
    if (Option.isSome(heartbeatUrl)) yield* Effect.forkScoped(beating(heartbeatUrl.value))
  })
)

const beating = Effect.fnUntraced(function* (url: Redacted.Redacted) {
  const { dependencies } = yield* Readiness
  let logged: string | undefined
  let wasMissing = false
  const beat = Effect.gen(function* () {
    const missing = (yield* dependencies).find(({ status }) => status !== "ok")
    const why =
      missing === undefined ? yield* call(url) : `The check of the ${missing.name} failed. ${missing.detail ?? ""}`
    // A start, or a takeover of another gateway's lanes, lasts some seconds.
    const isBrief = missing !== undefined && !wasMissing
    wasMissing = missing !== undefined
    if (!isBrief && why !== logged) {
      yield* log(why)
      logged = why
    }
    yield* Effect.sleep(why === undefined ? interval : pause)
  })
  return yield* Effect.forever(beat)
})

/** Sends one heartbeat; returns why it failed, without the URL, which is a secret. */
const call = (url: Redacted.Redacted) =>
  HttpChannel.exchange(HttpClientRequest.get(Redacted.value(url)), { url }).pipe(
    Effect.map(({ status }) => (status >= 200 && status < 300 ? undefined : `The answer is HTTP ${status}.`)),
    Effect.catch(({ reason }) => Effect.succeed(`${reason.detail}.`)),
    Effect.timeoutOrElse({ duration: answersWithin, orElse: () => Effect.succeed("No answer came in 10 seconds.") })
  )

const log = (why: string | undefined) =>
  why === undefined
    ? Effect.annotateLogs(Effect.logInfo("Heartbeats are sent again."), { event: "heartbeat-sent" })
    : Effect.annotateLogs(Effect.logWarning(`No heartbeat is sent: ${why}`), { event: "heartbeat-stopped" })
