import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Misbehaviour, type Reply, type Request } from "@tocsin/core/fakes"

/** A fake of My Channel with one room. Make it answer as My Channel's documentation says. */
export class FakeMyChannel extends FakeService {
  readonly title = "My Channel"

  settings(origin: string) {
    return { url: `${origin}/rooms/ops`, token: "fake-token" }
  }

  protected respond({ body, headers }: Request): Reply {
    if (headers["authorization"] !== "Bearer fake-token") return { answer: answer(401) }
    return { answer: answer(204), accepted: { channel: "ops", payload: JSON.parse(body) } }
  }

  protected misbehave(how: Misbehaviour): Answer {
    return misbehaving[how]
  }

  protected render(payload: unknown): Preview.Preview {
    const text = typeof payload === "object" && payload !== null && "text" in payload ? String(payload.text) : ""
    return { blocks: [{ _tag: "Text", spans: [{ _tag: "Plain", text }] }] }
  }
}

const answer = (status: number, headers: Answer["headers"] = {}, body = ""): Answer => ({ status, headers, body })

const misbehaving: { readonly [How in Misbehaviour]: Answer } = {
  archived: answer(404),
  revoked: answer(401),
  limited: answer(429, { "retry-after": "2" }),
  failing: answer(502),
  lying: answer(200, { "content-type": "text/html" }, "<html>Sign in</html>")
}
