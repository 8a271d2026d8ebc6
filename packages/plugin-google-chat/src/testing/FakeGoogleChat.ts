import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Misbehaviour, type Reply, type Request } from "@tocsin/core/fakes"
import { Option, Schema } from "effect"
import { see } from "./see.ts"
import { parse, validate } from "./validate.ts"

/** A message of the fake. */
export interface Posted {
  readonly payload: unknown
  /** The first message with the same `threadKey` began its thread. */
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

  protected respond({ body, url }: Request): Reply {
    const { pathname, searchParams } = new URL(url, "https://chat.invalid")
    const [, space] = /\/v1\/(spaces\/[\w-]+)\/messages$/.exec(pathname) ?? []
    if (space === undefined) return { answer: misbehaving.archived }
    if (searchParams.get("token") !== "fake-token") return { answer: misbehaving.revoked }
    const requestId = searchParams.get("requestId")
    const known = requestId === null ? undefined : this.#names.get(requestId)
    if (known !== undefined) return { answer: json(200, { name: known }) }
    const [problem] = validate(body)
    if (problem !== undefined) return { answer: refused(400, "INVALID_ARGUMENT", problem) }
    const payload = parse(body)
    const name = `${space}/messages/${this.#posted.length + 1}`
    const isReply = searchParams.get("messageReplyOption") === "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
    const threadKey = isReply ? Option.getOrUndefined(decodeThread(payload))?.thread.threadKey : undefined
    this.#posted.push({ payload, thread: threadKey ?? name })
    if (requestId !== null) this.#names.set(requestId, name)
    return { answer: json(200, { name }), accepted: { channel: space, payload } }
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
  Schema.Struct({ thread: Schema.Struct({ threadKey: Schema.NonEmptyString }) })
)
