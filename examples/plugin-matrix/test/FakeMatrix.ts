import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Reply, type Misbehaviour, type Request } from "@tocsin/core/fakes"

/** A homeserver with one room. It recognises repeated transactions, and shows each event after its last edit. */
export class FakeMatrix extends FakeService {
  readonly title = "Matrix"
  readonly #transactions = new Map<string, string>()
  readonly #events = new Map<string, { readonly body: string }>()

  settings(origin: string) {
    return { url: origin, roomId: "!fake:example.com", token: "fake-token" }
  }

  /** The events that people see, oldest first. */
  events(): ReadonlyArray<{ readonly body: string }> {
    return [...this.#events.values()]
  }

  protected respond({ body, method, url }: Request): Reply {
    if (method === "GET") return { answer: json(200, { joined: {} }) }
    const known = this.#transactions.get(url)
    if (known !== undefined) return { answer: json(200, { event_id: known }) }
    const payload = JSON.parse(body)
    const eventId = `$${this.#transactions.size + 1}`
    this.#transactions.set(url, eventId)
    const target = payload["m.relates_to"]?.event_id
    this.#events.set(target ?? eventId, target === undefined ? payload : payload["m.new_content"])
    return { answer: json(200, { event_id: eventId }), accepted: { channel: "!fake:example.com", payload } }
  }

  protected misbehave(how: Misbehaviour): Answer {
    return misbehaving[how]
  }

  protected render(payload: unknown): Preview.Preview {
    const body = typeof payload === "object" && payload !== null && "body" in payload ? String(payload.body) : ""
    return { blocks: [{ _tag: "Text", spans: [{ _tag: "Plain", text: body }] }] }
  }
}

const json = (status: number, body: object): Answer => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body)
})

const misbehaving: { readonly [How in Misbehaviour]: Answer } = {
  archived: json(403, { errcode: "M_FORBIDDEN", error: "User not in room" }),
  revoked: json(401, { errcode: "M_UNKNOWN_TOKEN", error: "Unknown token" }),
  limited: json(429, { errcode: "M_LIMIT_EXCEEDED", error: "Too Many Requests", retry_after_ms: 2000 }),
  failing: json(502, {}),
  // A proxy's page instead of the homeserver's answer.
  lying: { status: 200, headers: { "content-type": "text/html" }, body: "<html>Sign in</html>" }
}
