/**
 * Reads the request body of the guide, because the webhooks of Healthchecks have no format of their own.
 *
 * @see https://healthchecks.io/docs/configuring_notifications/
 */
import { Schema } from "effect"
import { Id, ifReadable, Plain, TextLink } from "./reading/lenientFields.ts"
import { decoderOf, labelsOf } from "./reading/report.ts"

/** Its name in URLs and alerts. */
export const type = "healthchecks"

/** Its name as its vendor spells it. */
export const title = "Healthchecks"

const Notification = Schema.Struct({
  code: Id,
  status: Schema.Literals(["down", "up"]),
  name: ifReadable(Plain),
  now: ifReadable(Plain),
  tags: ifReadable(Plain),
  url: ifReadable(TextLink)
})

/** Reads a notification: a check goes down, or up. The Test! button sends one about a check named TEST. */
export const decode = decoderOf(Notification, ({ code, name, now, status, tags, url }) => {
  if (name === "TEST") return { _tag: "Test" }
  return {
    _tag: "Report",
    state: status === "up" ? "cleared" : "raised",
    id: code,
    name: name ?? `check ${code}`,
    ruleId: code,
    severity: undefined,
    started: status === "up" ? undefined : now,
    ended: now,
    labels: labelsOf({ tags }),
    link: url
  }
})
