/**
 * Reads the webhooks of Uptime Kuma (notification type Webhook, preset application/json).
 *
 * @see https://github.com/louislam/uptime-kuma/blob/master/server/notification-providers/webhook.js
 */
import { Option, Schema } from "effect"
import { Id, ifReadable, List, Plain, TextLink } from "./reading/lenientFields.ts"
import { decoderOf, labelsOf, nothing, type Read } from "./reading/report.ts"

/** Its name in URLs and alerts. */
export const type = "uptime-kuma"

/** Its name as its vendor spells it. */
export const title = "Uptime Kuma"

const Notification = Schema.Struct({
  msg: Plain,
  heartbeat: ifReadable(
    Schema.Struct({
      monitorID: ifReadable(Id),
      status: Schema.Literals([0, 1, 2, 3]),
      time: ifReadable(Plain),
      msg: ifReadable(Plain)
    })
  ),
  monitor: ifReadable(
    Schema.Struct({
      id: ifReadable(Id),
      name: ifReadable(Plain),
      description: ifReadable(Plain),
      type: ifReadable(Plain),
      url: ifReadable(Plain),
      hostname: ifReadable(Plain),
      tags: List
    })
  )
})

/** 0 is down, 1 is up, 2 is pending and 3 is maintenance. */
const down = 0
const up = 1

/** Reads a notification about a monitor, about a certificate or a domain that expires, or a test. */
export const decode = decoderOf(Notification, ({ heartbeat, monitor = {}, msg }): Read => {
  if (heartbeat === undefined) return aboutNoHeartbeat(msg)
  const id = monitor.id ?? heartbeat.monitorID
  if (id === undefined) return { _tag: "Unreadable", why: "/monitor/id: Expected an id" }
  if (heartbeat.status !== down && heartbeat.status !== up) return nothing
  // Times are in UTC, without a zone.
  const at = heartbeat.time === undefined ? undefined : `${heartbeat.time} UTC`
  const isOver = heartbeat.status === up
  return {
    _tag: "Report",
    state: isOver ? "cleared" : "raised",
    id,
    name: monitor.name ?? `monitor ${id}`,
    ruleId: id,
    severity: undefined,
    summary: heartbeat.msg,
    started: isOver ? undefined : at,
    ended: at,
    labels: [
      ...labelsOf({ type: monitor.type, description: monitor.description, hostname: monitor.hostname }),
      ...(monitor.tags ?? [])
        .slice(0, 100)
        .flatMap((tag) =>
          Option.toArray(readTag(tag)).flatMap(({ name, value = "true" }) => labelsOf({ [name]: value }))
        )
    ],
    link: Option.getOrUndefined(readLink(monitor.url))
  }
})

const readTag = Schema.decodeUnknownOption(Schema.Struct({ name: Plain, value: ifReadable(Plain) }))
const readLink = Schema.decodeUnknownOption(TextLink)

/** Certificates and domains that expire, and the Test button: these send only a message. */
const aboutNoHeartbeat = (message: string): Read => {
  const expiring = /^(.*\bwill (?:be expired|expire) in )-?\d+ days?/i.exec(message)?.[1]
  if (expiring !== undefined) {
    return {
      _tag: "Report",
      state: "raised",
      id: expiring.trim(),
      name: message,
      severity: "minor",
      started: undefined,
      ended: undefined,
      labels: []
    }
  }
  return message.endsWith("Testing")
    ? { _tag: "Test" }
    : { _tag: "Unreadable", why: "/heartbeat: Expected an object with a status from 0 to 3" }
}
