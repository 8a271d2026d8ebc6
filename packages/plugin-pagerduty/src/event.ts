/**
 * An event of PagerDuty's Events API v2.
 *
 * @see https://developer.pagerduty.com/docs/send-alert-event
 */
import { type ChannelPlugin, cut, Message, type Notification, oneLine, paragraph, type Severity } from "@tocsin/core"
import { DateTime } from "effect"

/**
 * The longest `payload.summary`, in characters.
 *
 * @see https://developer.pagerduty.com/docs/send-alert-event#parameters
 */
export const maxSummary = 1024

/** The length of each part: together far below PagerDuty's limit of 512 KB. */
const shown = { name: 255, fact: 1000, summary: 4000, lines: 50, line: 300, link: 4096 } as const

/** Opens an incident, or adds to the open one with the same key. */
export interface Trigger {
  readonly event_action: "trigger"
  readonly dedup_key: string
  readonly client: "Tocsin"
  readonly links: ReadonlyArray<{ readonly href: string; readonly text: string }>
  readonly payload: {
    readonly summary: string
    readonly source: string
    readonly severity: "critical" | "error" | "warning" | "info"
    readonly timestamp?: string
    readonly component?: string
    readonly group?: string
    readonly class?: string
    readonly custom_details?: { readonly [label: string]: string | ReadonlyArray<string> }
  }
}

/** Resolves the incident with that key; PagerDuty ignores it if none is open. */
export interface Resolve {
  readonly event_action: "resolve"
  readonly dedup_key: string
}

/**
 * The event for a notification. The key is the conversation's id, or the delivery's if there is no conversation. A
 * clear resolves, everything else triggers.
 */
export const event = (
  notification: Notification,
  { conversation, deliveryId, form }: ChannelPlugin.DeliverOptions
): Trigger | Resolve => {
  const dedup_key = conversation?.id ?? deliveryId
  const clears =
    notification._tag === "Cleared" ||
    notification._tag === "RaisedAndCleared" ||
    (notification._tag === "Test" && notification.of === "Cleared")
  if (clears) return { event_action: "resolve", dedup_key }
  const message = Message.fromNotification(notification)
  const plain = {
    summary: cut(oneLine(message.headline), maxSummary),
    source: "Tocsin",
    severity: severities[message.severity]
  }
  return {
    event_action: "trigger",
    dedup_key,
    client: "Tocsin",
    links: links(message),
    payload: form === "plain" ? plain : { ...plain, ...about(notification), custom_details: details(message) }
  }
}

const severities = { critical: "critical", major: "error", minor: "warning", info: "info" } as const satisfies {
  readonly [S in Severity]: Trigger["payload"]["severity"]
}

const links = (message: Message.Message): Trigger["links"] =>
  [...(message.link ? [{ label: "View", link: message.link }] : []), ...Message.namedLinks(message)]
    .filter(({ link }) => link.href.length <= shown.link)
    .map(({ label, link }) => ({ href: link.href, text: cut(oneLine(label), shown.name) }))

/** The location of the problem: PagerDuty groups and routes by these fields. */
const about = (notification: Notification): Partial<Trigger["payload"]> => {
  if (!("alert" in notification)) return {}
  const { rule, source, startedAt, test } = notification.alert
  const name = (text: string) => cut(oneLine(text), shown.name)
  return {
    source: name(test?.targets?.[0] ?? test?.name ?? source),
    timestamp: DateTime.formatIso(startedAt),
    group: name(source),
    class: name(rule.name),
    ...(test && { component: name(test.name) })
  }
}

const details = ({ facts, lines, linesTitle, notes, omitted, summary }: Message.Message) => {
  const listed = lines
    .slice(0, shown.lines)
    .map(({ strong, text }) => cut(oneLine(text === undefined ? strong : `${strong}: ${text}`), shown.line))
  const more = lines.length - listed.length + omitted
  return {
    ...(summary !== undefined && { Summary: cut(paragraph(summary), shown.summary) }),
    ...Object.fromEntries(facts.map((fact) => [fact.label, cut(oneLine(Message.factText(fact)), shown.fact)])),
    ...(listed.length + more > 0 && { [linesTitle]: [...listed, ...(more > 0 ? [Message.moreText(more)] : [])] }),
    ...(notes.length > 0 && { Notes: notes.map((note) => cut(oneLine(note), shown.line)) })
  }
}
