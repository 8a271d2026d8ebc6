import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Misbehaviour, type Reply, type Request } from "@tocsin/core/fakes"
import { Option, Schema } from "effect"
import { see } from "./see.ts"
import { parse, validate } from "./validate.ts"

/** A message of the fake. */
export interface Posted {
  readonly payload: unknown
  /** The `threadKey` of its thread, or the name of the message that began it. */
  readonly thread: string
}

/**
 * A fake of Google Chat's incoming webhooks: every space is known to it. Messages with the same `threadKey` share a thread, and one
 * with a `requestId` that was used makes no other message.
 *
 * @see https://developers.google.com/workspace/chat/quickstart/webhooks
 */
export class FakeGoogleChat extends FakeService {
  readonly title = "Google Chat"
  readonly #posted: Array<Posted> = []
  readonly #names = new Map<string, string>()

  settings(origin: string) {
    return { url: `${origin}/v1/spaces/FAKE/messages?key=fake-key&token=fake-token` }
  }

  /** The messages with their threads, oldest first. */
  posted(): ReadonlyArray<Posted> {
    return this.#posted
  }

  protected respond({ body, method, url }: Request): Reply {
    const { pathname, searchParams } = new URL(url, "https://chat.invalid")
    const [, space] = /\/v1\/(spaces\/[\w-]+)\/messages$/.exec(pathname) ?? []
    if (space === undefined || method !== "POST") return { answer: misbehaving.archived }
    if (searchParams.get("token") !== "fake-token") return { answer: misbehaving.revoked }
    const requestId = searchParams.get("requestId")
    const known = requestId === null ? undefined : this.#names.get(requestId)
    if (known !== undefined) return { answer: made(known) }
    const [problem] = validate(body)
    if (problem !== undefined) return { answer: refused(400, "INVALID_ARGUMENT", problem) }
    const payload = parse(body)
    const name = `${space}/messages/${this.#posted.length + 1}`
    const isReply = searchParams.get("messageReplyOption") === "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
    const asked = isReply ? Option.getOrUndefined(decodeThread(payload))?.thread : undefined
    const thread = asked?.threadKey ?? asked?.name?.replace("threads", "messages") ?? name
    const isFirst = this.#posted.every((other) => other.thread !== thread)
    this.#posted.push({ payload, thread })
    if (requestId !== null) this.#names.set(requestId, name)
    return { answer: made(name), accepted: { channel: space, payload, ...(!isFirst && { as: "reply" }) } }
  }

  protected misbehave(how: Misbehaviour): Answer {
    return misbehaving[how]
  }

  protected render(payload: unknown): Preview.Preview {
    return see(payload)
  }
}

const json = (status: number, body: object): Answer => ({
  status,
  headers: { "content-type": "application/json; charset=UTF-8" },
  body: JSON.stringify(body)
})

/** The message that was made, and its thread. */
const made = (name: string): Answer => json(200, { name, thread: { name: name.replace("messages", "threads") } })

const refused = (code: number, status: string, message: string): Answer =>
  json(code, { error: { code, message, status } })

const misbehaving: { readonly [How in Misbehaviour]: Answer } = {
  archived: refused(404, "NOT_FOUND", "Space not found."),
  revoked: refused(403, "PERMISSION_DENIED", "The caller does not have permission"),
  limited: refused(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
  failing: refused(503, "UNAVAILABLE", "The service is currently unavailable."),
  lying: json(200, { error: { code: 404, message: "Space not found.", status: "NOT_FOUND" } })
}

const decodeThread = Schema.decodeUnknownOption(
  Schema.Struct({
    thread: Schema.Struct({
      threadKey: Schema.optionalKey(Schema.NonEmptyString),
      name: Schema.optionalKey(Schema.NonEmptyString)
    })
  })
)
