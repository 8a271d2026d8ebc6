import {
  cut,
  DestinationGone,
  HttpChannel,
  Misconfigured,
  PayloadRejected,
  RateLimited,
  type Reason,
  Unauthorized
} from "@tocsin/core"
import { Duration, Option, Schema } from "effect"
import { oneLine } from "./text.ts"

/**
 * Reads the reason of a refusal whose answer says more than its status: the text of HipChat's error, a missing scope
 * (403), and the end of a rate limit (429).
 */
export const answer = (
  { body, headers, status }: HttpChannel.Answer,
  { now }: { readonly now: number }
): Reason | undefined => {
  const words = Option.getOrUndefined(errorMessage(body))
  const detail = `HTTP ${status}${words === undefined ? "" : `: ${cut(oneLine(words), 200)}`}`
  if (status === 429) return new RateLimited({ detail, retryAfter: retryAfter(headers, now) })
  // Not HipChat's answer: a proxy in front of it answered.
  if (words === undefined) return undefined
  // HipChat does not do this, but a bridge may: it reports a refusal in the body only.
  if (status >= 200 && status < 300) return new Misconfigured({ detail })
  if (status === 400) return new PayloadRejected({ detail })
  if (status === 401) return new Unauthorized({ detail })
  if (status === 403) return new Misconfigured({ detail })
  if (status === 404) return new DestinationGone({ detail })
  return undefined
}

const HipChatError = Schema.fromJsonString(Schema.Struct({ error: Schema.Struct({ message: Schema.NonEmptyString }) }))

const errorMessage = (body: string): Option.Option<string> =>
  Option.map(Schema.decodeOption(HipChatError)(body), ({ error }) => error.message)

type Headers = HttpChannel.Answer["headers"]

/** The pause if HipChat names none: its longest window. */
const unsaid = Duration.minutes(5)

/**
 * The longest pause. HipChat's longest window is 5 minutes: a longer pause means a wrong clock, and an early retry
 * costs one request.
 */
const longest = Duration.minutes(15)

const shortest = Duration.seconds(1)

const retryAfter = (headers: Headers, now: number): Duration.Duration => {
  const resets = ["x-floodcontrol", "x-ratelimit"].flatMap((limit) => {
    const wait = untilReset(headers[`${limit}-reset`], now)
    return wait === undefined ? [] : [{ wait, spent: !(Number(headers[`${limit}-remaining`] ?? 0) > 0) }]
  })
  // Every answer reports both limits: the spent one counts.
  const spent = resets.filter((reset) => reset.spent)
  const said = (spent.length > 0 ? spent : resets).map((reset) => reset.wait)
  const asked = HttpChannel.retryAfter(headers, now)
  if (asked !== undefined) said.push(asked)
  const wait = said.length === 0 ? unsaid : said.reduce((a, b) => Duration.max(a, b))
  return Duration.clamp(wait, { minimum: shortest, maximum: longest })
}

const secondsInYear = 31_536_000

/** The reset is a time in epoch seconds; a number too small for a time is the number of seconds left. */
const untilReset = (reset: string | undefined, now: number): Duration.Duration | undefined => {
  if (reset === undefined || !/^\d+(\.\d+)?$/.test(reset.trim())) return undefined
  const seconds = Number(reset)
  return Duration.seconds(seconds < secondsInYear ? seconds : Math.max(0, seconds - now / 1000))
}
