import type { Preview } from "@tocsin/core"
import { type Answer, FakeService, type Misbehaviour, type Reply, type Request } from "@tocsin/core/fakes"
import { see } from "../see.ts"
import { validate } from "./validate.ts"

/** An incident of the fake. */
export interface Incident {
  readonly key: string
  readonly status: "triggered" | "resolved"
  /** How many triggers it has. */
  readonly triggers: number
}

/**
 * A fake of PagerDuty's Events API v2: a trigger opens an incident, or is added to the open one with its key; a resolve
 * ends it, and is ignored if none is open.
 *
 * @see https://developer.pagerduty.com/docs/events-api-v2-overview
 */
export class FakePagerDuty extends FakeService {
  readonly title = "PagerDuty"
  readonly #incidents: Array<Incident> = []

  settings(origin: string) {
    return { routingKey: "FAKE0000000000000000000000000000", url: origin }
  }

  /** The incidents, oldest first. */
  incidents(): ReadonlyArray<Incident> {
    return this.#incidents
  }

  protected respond({ body, method, url }: Request): Reply {
    if (method !== "POST" || new URL(url, "http://fake.invalid").pathname !== "/v2/enqueue") {
      return { answer: json(404, { status: "not found" }) }
    }
    const errors = validate(body)
    if (errors.length > 0) {
      return { answer: json(400, { status: "invalid event", message: "Event object is invalid", errors }) }
    }
    const payload = JSON.parse(body)
    const { dedup_key: key, event_action: action } = payload
    const at = this.#incidents.findIndex((incident) => incident.key === key && incident.status === "triggered")
    const open = this.#incidents[at]
    if (action === "resolve") {
      if (open !== undefined) this.#incidents[at] = { ...open, status: "resolved" }
    } else if (open === undefined) {
      this.#incidents.push({ key, status: "triggered", triggers: 1 })
    } else {
      this.#incidents[at] = { ...open, triggers: open.triggers + 1 }
    }
    const answer = json(202, { status: "success", message: "Event processed", dedup_key: key })
    return { answer, accepted: { channel: "Service", payload } }
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

const invalid = { status: "invalid event", message: "Event object is invalid" }

const misbehaving: { readonly [How in Misbehaviour]: Answer } = {
  archived: json(404, { status: "not found" }),
  revoked: json(400, { ...invalid, errors: ["Invalid routing key"] }),
  limited: json(429, { status: "throttle exceeded", message: "Requests for this service are arriving too quickly" }),
  failing: json(500, {}),
  lying: json(202, { ...invalid, errors: ["Not accepted"] })
}
