import { PayloadRejected } from "@tocsin/core"
import { FakeService, type Reply, type Misbehaviour, type Request } from "@tocsin/core/fakes"
import { catches, findsNothing } from "./catches.ts"
import { blocks, checks, post, type Spoils } from "./hook.ts"
import { HttpClientRequest } from "effect/http"

const statuses: { readonly [How in Misbehaviour]: number } = {
  archived: 404,
  revoked: 401,
  limited: 429,
  failing: 503,
  lying: 200
}

/** A hook that takes text only. */
class FakeHook extends FakeService {
  readonly title = "Hook"
  settings(origin: string) {
    return { url: `${origin}/hook` }
  }
  protected respond({ body, headers }: Request): Reply {
    if (headers["content-type"] !== "text/plain") return { answer: { status: 415, headers: {}, body: "" } }
    return { answer: { status: 200, headers: {}, body: "ok" }, accepted: { channel: "hook", payload: body } }
  }
  protected misbehave(how: Misbehaviour) {
    return { status: statuses[how], headers: {}, body: "no" }
  }
  protected render(payload: unknown) {
    return { blocks: blocks(String(payload)) }
  }
}

/** With a fake, a sound plugin reads a refusal in a 200. */
const faked = ({ http, ...spoils }: Partial<Spoils>) =>
  checks({
    ...spoils,
    options: { fake: () => new FakeHook() },
    http: {
      answer: ({ body, status }) =>
        status === 200 && body === "no" ? new PayloadRejected({ detail: "no" }) : undefined,
      ...http
    }
  })

findsNothing("by HTTP", faked({}))

catches<Spoils>("fake", faked, [
  [
    "believes whatever comes with a 200",
    "calls its fake, where it is lying, anything but delivered",
    { http: { answer: () => undefined } }
  ],
  [
    "sends what its fake does not take",
    "sends its fake what it accepts",
    {
      http: { request: (settings, of) => HttpClientRequest.setHeader(post(settings, of), "content-type", "text/html") }
    },
    /^calls its fake/
  ],
  [
    "calls an archived room a person's fault",
    "calls its fake, where it is archived, DestinationGone",
    {
      http: {
        answer: ({ body, status }) =>
          body === "no" && (status === 200 || status === 404) ? new PayloadRejected({ detail: "no" }) : undefined
      }
    }
  ]
])
