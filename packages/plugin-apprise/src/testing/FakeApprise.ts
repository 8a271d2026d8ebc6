import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Misbehaviour, type Reply, type Request } from "@tocsin/core/fakes"
import { see } from "../see.ts"
import { validate } from "./validate.ts"

/**
 * A fake of the Apprise API server, which keeps one service under the key `fake-key`, and accepts every URL.
 *
 * @see https://github.com/caronc/apprise-api/blob/master/swagger.yaml
 */
export class FakeApprise extends FakeService {
  readonly title = "Apprise"

  settings(origin: string) {
    return { use: "key", url: origin, key: "fake-key" }
  }

  protected respond({ body, headers, method, url }: Request): Reply {
    const { pathname } = new URL(url, "https://apprise.invalid")
    const [, path, key = ""] = /^\/(notify|json\/urls)\/([\w-]*)$/.exec(pathname) ?? []
    if (path === undefined) return { answer: json(404, { error: "Not Found" }) }
    if (key !== "" && key !== "fake-key") return { answer: none }
    if (path === "json/urls") return { answer: json(200, { tags: [], urls: [{ url: "json://f...e", tags: [] }] }) }
    const payload = parse(body)
    const [problem] = method === "POST" ? validate(payload) : ["The method is not POST"]
    if (problem !== undefined) return { answer: json(400, { error: problem }) }
    if (key === "" && !/"urls":/.test(body)) return { answer: none }
    const answer = headers["accept"] === "application/json" ? delivered : { ...delivered, body: "Sent" }
    return { answer, accepted: { channel: key === "" ? "URLs" : `Key ${key}`, payload } }
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
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body)
})

const delivered = json(200, {
  error: null,
  details: ["Loaded 1 entries from memory://", "Sent JSON POST notification."].map((message) => [
    "INFO",
    "2026-01-15 02:00:00,000",
    message
  ])
})

/** The server has no configuration for the key, or no valid URL. */
const none: Answer = { status: 204, headers: {}, body: "" }

/** What the server, and a proxy before it, answers; it has no credentials of its own. */
const misbehaving: { readonly [How in Misbehaviour]: Answer } = {
  archived: json(404, { error: "Not Found" }),
  revoked: { status: 401, headers: { "www-authenticate": "Basic" }, body: "Unauthorized" },
  limited: { status: 429, headers: { "retry-after": "30" }, body: "Too Many Requests" },
  failing: json(500, { error: "There was no configuration found" }),
  lying: json(200, { error: "One or more notification could not be sent" })
}

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
