/**
 * Reads the webhook media type of the guide, because Zabbix has no format of its own.
 *
 * @see https://www.zabbix.com/documentation/current/en/manual/config/notifications/media/webhook
 */
import { Option, Schema } from "effect"
import { parseJson } from "./reading/parseJson.ts"
import { Id, ifReadable, Plain, TextLink } from "./reading/lenientFields.ts"
import { decoderOf, labelsOf, linesOf, linkTo } from "./reading/report.ts"
import type { Severity } from "@tocsin/core"

/** Its name in URLs and alerts. */
export const type = "zabbix"

/** Its name as its vendor spells it. */
export const title = "Zabbix"

const text = ifReadable(Plain)

const Notification = Schema.Struct({
  event_id: Id,
  event_value: Schema.Union([Schema.Literals(["0", "1"]), Schema.Literals([0, 1])]).annotate({
    expected: `"1" or "0"`
  }),
  event_name: text,
  event_severity: text,
  event_opdata: text,
  event_date: text,
  event_time: text,
  recovery_date: text,
  recovery_time: text,
  timezone: text,
  event_tags: text,
  trigger_id: ifReadable(Id),
  trigger_expression: text,
  trigger_url: ifReadable(TextLink),
  trigger_description: text,
  update_message: text,
  host_name: text,
  host_ip: text,
  zabbix_url: text
})

/**
 * Zabbix' severities by their numbers: not classified, information, warning, average, high, disaster.
 *
 * @see https://www.zabbix.com/documentation/current/en/manual/config/triggers/severity
 */
const severities: ReadonlyArray<Severity> = ["info", "info", "minor", "major", "major", "critical"]

/** Returns undefined for a macro that Zabbix could not fill. */
const stated = (value: string | undefined): string | undefined =>
  value === undefined || /^\{[A-Z$][^}]*\}$|^\*UNKNOWN\*$/.test(value) ? undefined : value

/** Reads a problem, its recovery or its update. All have the problem's id. */
export const decode = decoderOf(Notification, (sent) => {
  const isOver = String(sent.event_value) === "0"
  const host = stated(sent.host_name)
  const trigger = stated(sent.trigger_id)
  const zone = stated(sent.timezone) ?? ""
  const server = stated(sent.zabbix_url)?.replace(/\/+$/, "")
  const at = (date: string | undefined, time: string | undefined) =>
    stated(date) && stated(time) && `${date?.replaceAll(".", "-")} ${time} ${zone}`.trim()
  return {
    _tag: "Report",
    state: isOver ? "cleared" : "raised",
    id: sent.event_id,
    name: stated(sent.event_name),
    ruleId: trigger,
    expression: stated(sent.trigger_expression),
    test: host,
    targets: [stated(sent.host_ip)],
    severity: severities[Number(sent.event_severity ?? "none")],
    summary: linesOf(stated(sent.event_opdata), stated(sent.trigger_description), stated(sent.update_message)),
    started: at(sent.event_date, sent.event_time),
    ended: at(sent.recovery_date, sent.recovery_time),
    labels: tagsOf(stated(sent.event_tags)),
    ...(server !== undefined &&
      trigger !== undefined && {
        link: linkTo(
          "",
          `${server}/tr_events.php?triggerid=${encodeURIComponent(trigger.toWellFormed())}&eventid=${encodeURIComponent(sent.event_id.toWellFormed())}`
        )[0]?.link
      }),
    more: linkTo("Trigger", sent.trigger_url)
  }
})

/** `{EVENT.TAGSJSON}`: `[{ "tag": "scope", "value": "capacity" }]`. */
const tagsOf = (tags: string | undefined): ReadonlyArray<readonly [name: string, value: string]> =>
  Option.match(Option.flatMap(Option.liftThrowable(parseJson)(tags ?? "[]"), readTags), {
    onNone: () => labelsOf({ tags }),
    onSome: (read) => read.flatMap(({ tag, value = "" }) => labelsOf({ [tag]: value === "" ? "true" : value }))
  })

const readTags = Schema.decodeUnknownOption(Schema.Array(Schema.Struct({ tag: Plain, value: ifReadable(Plain) })))
