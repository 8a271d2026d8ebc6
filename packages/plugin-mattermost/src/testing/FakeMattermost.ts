import { Predicate } from "effect"
import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Misbehaviour, type Reply, type Request } from "@tocsin/core/fakes"
import { see } from "./see.ts"
import { validate } from "./validate.ts"

/**
 * A fake of Mattermost's incoming webhooks: every path below `/hooks` is a webhook.
 *
 * @see https://developers.mattermost.com/integrate/webhooks/incoming/
 */
export class FakeMattermost extends FakeService {
  readonly title = "Mattermost"

  settings(origin: string) {
    return { url: `${origin}/hooks/fake` }
  }

  protected respond({ body, method, url }: Request): Reply {
    const { pathname } = new URL(url, "https://mattermost.invalid")
    if (method !== "POST" || !pathname.startsWith("/hooks/"))
      return { answer: refused(404, "api.context.404.app_error") }
    const payload = parse(body)
    const [problem] = validate(payload)
    if (problem !== undefined) return { answer: refused(400, general, problem) }
    const channel =
      Predicate.isObject(payload) && Predicate.isString(payload["channel"]) ? payload["channel"] : pathname
    return {
      answer: { status: 200, headers: { "content-type": "text/plain" }, body: "ok" },
      accepted: { channel, payload }
    }
  }

  protected misbehave(how: Misbehaviour): Answer {
    return misbehaving[how]
  }

  protected render(payload: unknown): Preview.Preview {
    return see(payload)
  }
}

const general = "web.incoming_webhook.general.app_error"

const refused = (status_code: number, id: string, message = id): Answer => ({
  status: status_code,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ id, message, detailed_error: "", request_id: "fake", status_code })
})

const misbehaving: { readonly [How in Misbehaviour]: Answer } = {
  archived: refused(
    404,
    general,
    "Failed to handle the payload of media type application/json for incoming webhook fake."
  ),
  revoked: refused(401, "api.context.session_expired.app_error"),
  limited: { status: 429, headers: { "retry-after": "2" }, body: "limit exceeded" },
  failing: refused(500, general),
  lying: refused(200, general)
}

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
