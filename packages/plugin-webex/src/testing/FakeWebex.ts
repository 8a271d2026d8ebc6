import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Misbehaviour, type Reply, type Request } from "@tocsin/core/fakes"
import { Option, Schema } from "effect"
import { see } from "./see.ts"
import { validate } from "./validate.ts"

/** A message of the fake. */
export interface Posted {
  readonly payload: unknown
  /** The id of the message that it replies to. */
  readonly parentId?: string
}

/**
 * A fake of Webex' messages with one bot, which is in every space.
 *
 * @see https://developer.webex.com/docs/api/v1/messages
 */
export class FakeWebex extends FakeService {
  readonly title = "Webex"
  readonly #posted = new Map<string, Posted>()
  #next = 1

  settings(origin: string) {
    return { token: "fake-token", roomId: "fake-room", apiUrl: `${origin}/v1` }
  }

  /** The messages by their ids, oldest first. */
  posted(): ReadonlyMap<string, Posted> {
    return this.#posted
  }

  /** Deletes a message, as a person may in Webex. */
  delete(id: string): void {
    this.#posted.delete(id)
  }

  protected respond({ body, headers, method, url }: Request): Reply {
    const { pathname } = new URL(url, "https://webex.invalid")
    if (headers["authorization"] !== "Bearer fake-token") return { answer: misbehaving.revoked }
    const [, room] = /^\/v1\/rooms\/([\w=-]+)$/.exec(pathname) ?? []
    if (method === "GET" && room !== undefined) return { answer: json(200, { id: room, title: "Ops", type: "group" }) }
    if (method !== "POST" || pathname !== "/v1/messages") return { answer: misbehaving.archived }
    const payload = parse(body)
    const [problem] = validate(payload)
    if (problem !== undefined) return { answer: refused(400, problem) }
    const { parentId, roomId } = Option.getOrElse(decode(payload), () => ({ roomId: "", parentId: undefined }))
    const parent = parentId === undefined ? undefined : this.#posted.get(parentId)
    if (parentId !== undefined && (parent === undefined || parent.parentId !== undefined)) {
      return { answer: refused(400, "Unable to post the message: the parent is not found, or a reply itself.") }
    }
    const id = `message-${this.#next++}`
    this.#posted.set(id, { payload, ...(parentId !== undefined && { parentId }) })
    return {
      answer: json(200, { id, roomId, ...(parentId && { parentId }) }),
      accepted: { channel: roomId, payload, ...(parentId && { as: "reply" }) }
    }
  }

  protected misbehave(how: Misbehaviour): Answer {
    return misbehaving[how]
  }

  protected render(payload: unknown): Preview.Preview {
    return see(payload)
  }
}

const json = (status: number, body: object, headers: Answer["headers"] = {}): Answer => ({
  status,
  headers: { "content-type": "application/json;charset=UTF-8", ...headers },
  body: JSON.stringify(body)
})

const refused = (status: number, message: string, headers?: Answer["headers"]): Answer =>
  json(status, { message, errors: [{ description: message }], trackingId: "ROUTER_fake" }, headers)

const misbehaving: { readonly [How in Misbehaviour]: Answer } = {
  archived: refused(404, "The requested resource could not be found."),
  revoked: refused(401, "The request requires a valid access token set in the Authorization request header."),
  limited: refused(429, "Too Many Requests", { "retry-after": "30" }),
  failing: refused(502, "Bad Gateway"),
  lying: refused(200, "The requested resource could not be found.")
}

const decode = Schema.decodeUnknownOption(
  Schema.Struct({ roomId: Schema.String, parentId: Schema.optionalKey(Schema.String) })
)

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
