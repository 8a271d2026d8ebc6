import { type Answer, type Misbehaviour, RateLimit, type Reply, type Request } from "@tocsin/core/fakes"
import { Option, Predicate, Schema } from "effect"
import { type Problem, problems, type ValidateOptions } from "./validate.ts"

/** A message that a bot posted, as it is now. */
export interface Posted {
  readonly channel: string
  readonly payload: unknown
  /** The message that it replies to. */
  readonly threadTs?: string
  /** Whether a reply is shown in the channel, too. */
  readonly isBroadcast: boolean
  /** How often it was updated. */
  readonly updates: number
}

/** The token of the bot that the fake knows. */
export const fakeToken = "xoxb-fake-token"

/**
 * The part of Slack's Web API that bots need. Every channel is known to it, by its id or its name, and the bot is in all of them.
 *
 * @see https://docs.slack.dev/apis/web-api/
 */
export class FakeWebApi {
  readonly #options: ValidateOptions & { readonly limited?: boolean }
  readonly posted = new Map<string, Posted>()
  readonly #knownIds = new Map<string, string>()
  /** What channels were called in the last post, by their ids. */
  readonly #calledAs = new Map<string, string>()
  // https://docs.slack.dev/apis/web-api/rate-limits: in a channel, and tier 3 for chat.update.
  readonly #posts = RateLimit.make({ messages: 1, perSeconds: 1, burst: 5 })
  readonly #updates = RateLimit.make({ messages: 50, perSeconds: 60, burst: 50 })

  constructor(options: ValidateOptions & { readonly limited?: boolean }) {
    this.#options = options
  }

  /** The answer to a request; undefined if it calls no method that bots need. */
  respond({ at, body, headers, method, url }: Request): Reply | undefined {
    const called = methodOf(url)
    if (called === undefined) return undefined
    if (headers["authorization"] !== `Bearer ${fakeToken}`) return { answer: refused("invalid_auth") }
    if (called === "auth.test") return { answer: accepted({ team_id: "T00000000", bot_id: "B00000000" }) }
    if (called === "conversations.info") {
      const id = new URL(url, "https://slack.invalid").searchParams.get("channel") ?? ""
      return { answer: isId(id) ? accepted({ channel: { id, is_member: true } }) : refused("channel_not_found") }
    }
    const payload = parse(body)
    if (method !== "POST" || payload === undefined) return { answer: refused("invalid_arguments") }
    const { call, message } = split(payload)
    const problem: Problem | undefined = problems(message, this.#options)[0]
    if (problem !== undefined) return { answer: refused(problem.code) }
    return called === "chat.update" ? this.#update(call, message, at) : this.#post(call, payload, at)
  }

  #post({ channel, client_msg_id, reply_broadcast, thread_ts }: Call, payload: unknown, at: number): Reply {
    const id = isId(channel) ? channel : idOf(channel)
    const known = client_msg_id === undefined ? undefined : this.#knownIds.get(client_msg_id)
    if (known !== undefined) return { answer: accepted({ channel: id, ts: known, is_duplicate: true }) }
    const limit = this.#options.limited === true ? this.#posts(id, at) : undefined
    if (limit?.isWithin === false) return { answer: tooMany(Math.ceil((limit.nextAt - at) / 1000)) }
    if (thread_ts !== undefined && !this.posted.has(thread_ts)) return { answer: refused("message_not_found") }
    const ts = `${Math.floor(at / 1000)}.${String(this.#knownTs++).padStart(6, "0")}`
    if (client_msg_id !== undefined) this.#knownIds.set(client_msg_id, ts)
    this.#calledAs.set(id, channel)
    this.posted.set(ts, {
      channel: id,
      payload,
      ...(thread_ts !== undefined && { threadTs: thread_ts }),
      isBroadcast: reply_broadcast === true,
      updates: 0
    })
    return {
      answer: accepted({ channel: id, ts }),
      accepted: { channel, payload, ...(thread_ts !== undefined && { as: "reply" }) }
    }
  }

  #knownTs = 1

  #update({ channel, ts = "" }: Call, payload: unknown, at: number): Reply {
    const limit = this.#options.limited === true ? this.#updates("", at) : undefined
    if (limit?.isWithin === false) return { answer: tooMany(Math.ceil((limit.nextAt - at) / 1000)) }
    if (!isId(channel)) return { answer: refused("channel_not_found") }
    const before = this.posted.get(ts)
    if (before === undefined || before.channel !== channel) return { answer: refused("message_not_found") }
    this.posted.set(ts, { ...before, payload, updates: before.updates + 1 })
    return {
      answer: accepted({ channel, ts }),
      accepted: { channel: this.#calledAs.get(channel) ?? channel, payload, as: "edit" }
    }
  }
}

/** The method of the Web API that a URL calls, of those that bots need. */
export const methodOf = (url: string): string | undefined =>
  /\/(chat\.postMessage|chat\.update|conversations\.info|auth\.test)$/.exec(
    new URL(url, "https://slack.invalid").pathname
  )?.[1]

/** The message of a call, without what only the Web API knows: as `validate` checks it. */
export const messageOf = (payload: unknown): unknown => split(payload).message

/** An answer of the Web API that fails in this way. */
export const misbehaved = (how: Misbehaviour): Answer => misbehaving[how]

const split = (payload: unknown): { readonly call: Call; readonly message: unknown } => {
  const call = Option.getOrElse(decodeCall(payload), (): Call => ({ channel: "" }))
  if (!Predicate.isObject(payload)) return { call, message: payload }
  const { attachments, client_msg_id: _1, reply_broadcast: _2, thread_ts: _3, ts: _4, ...rest } = payload
  // Of an update, an empty list removes those of before.
  const isEmpty = call.ts !== undefined && Array.isArray(attachments) && attachments.length === 0
  return { call, message: { ...rest, ...(attachments !== undefined && !isEmpty && { attachments }) } }
}

const Call = Schema.Struct({
  channel: Schema.String,
  ts: Schema.optionalKey(Schema.String),
  thread_ts: Schema.optionalKey(Schema.String),
  reply_broadcast: Schema.optionalKey(Schema.Boolean),
  client_msg_id: Schema.optionalKey(Schema.String)
})
type Call = typeof Call.Type

const decodeCall = Schema.decodeUnknownOption(Call)

const isId = (channel: string): boolean => /^[CDG][A-Z0-9]+$/.test(channel)

/** The id of a channel that was called by its name. */
const idOf = (name: string): string => `C${Buffer.from(name).toString("hex").toUpperCase()}`

const json = (status: number, body: object, headers: { readonly [name: string]: string } = {}): Answer => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8", ...headers },
  body: JSON.stringify(body)
})

const accepted = (said: object): Answer =>
  json(200, { ok: true, ...said }, { "x-oauth-scopes": "chat:write,chat:write.public,channels:read,groups:read" })

const refused = (error: string): Answer => json(200, { ok: false, error })

const tooMany = (seconds: number): Answer =>
  json(429, { ok: false, error: "ratelimited" }, { "retry-after": String(seconds) })

const misbehaving: { readonly [How in Misbehaviour]: Answer } = {
  archived: refused("is_archived"),
  revoked: refused("token_revoked"),
  limited: tooMany(30),
  failing: refused("internal_error"),
  lying: refused("restricted_action")
}

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
