import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Misbehaviour, type Reply, type Request } from "@tocsin/core/fakes"
import { see } from "./see.ts"
import { parse, validate } from "./validate.ts"

/**
 * A fake of the webhook of a Teams workflow: it accepts every Adaptive Card that the workflow can post.
 *
 * @see https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook
 */
export class FakeTeams extends FakeService {
  readonly title = "Microsoft Teams"

  settings(origin: string) {
    return { url: `${origin}/workflows/1/triggers/manual/paths/invoke?api-version=2016-06-01&sig=fake-signature` }
  }

  protected respond({ body, method, url }: Request): Reply {
    const { pathname, searchParams } = new URL(url, "https://teams.invalid")
    if (searchParams.get("sig") !== "fake-signature") return { answer: misbehaving.revoked }
    const [, workflow] = /\/workflows\/(\w+)\/triggers\/manual\/paths\/invoke$/.exec(pathname) ?? []
    if (workflow === undefined || method !== "POST") return { answer: misbehaving.archived }
    const [problem] = validate(body)
    return problem === undefined
      ? {
          answer: { status: 202, headers: {}, body: "" },
          accepted: { channel: `Workflow ${workflow}`, payload: parse(body) }
        }
      : { answer: refused(400, "TriggerInputSchemaMismatch", problem) }
  }

  protected misbehave(how: Misbehaviour): Answer {
    return misbehaving[how]
  }

  protected render(payload: unknown): Preview.Preview {
    return see(payload)
  }
}

const refused = (status: number, code: string, message: string): Answer => ({
  status,
  headers: { "content-type": "application/json", ...(status === 429 && { "retry-after": "5" }) },
  body: JSON.stringify({ error: { code, message } })
})

const misbehaving: { readonly [How in Misbehaviour]: Answer } = {
  archived: refused(404, "WorkflowNotFound", "The workflow could not be found."),
  revoked: refused(401, "DirectApiAuthorizationRequired", "The request must be authenticated."),
  limited: refused(429, "WorkflowRunsThrottled", "The rate limit of the workflow is exceeded."),
  failing: refused(502, "BadGateway", "The server did not respond."),
  // What an Office 365 connector answered.
  lying: {
    status: 200,
    headers: {},
    body: "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"
  }
}
