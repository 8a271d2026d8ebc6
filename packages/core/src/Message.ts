/**
 * A notification as text: every plugin can render it, whatever its kind.
 */
import { DateTime, Option, Schema } from "effect"
import { type Alert, Link, NamedLink, type Observation, Severity } from "./Alert.ts"
import { becauseText, endsAlert, Notification } from "./Notification.ts"
import { cut, type CutOptions, durationText, fitting } from "./text.ts"

/** A named piece of information. A `Time` is to be shown in the reader's own time zone where the channel can. */
export const Fact = Schema.Union([
  Schema.TaggedStruct("Text", { label: Schema.NonEmptyString, text: Schema.NonEmptyString }),
  Schema.TaggedStruct("Time", { label: Schema.NonEmptyString, at: Schema.DateTimeUtc })
]).pipe(Schema.toTaggedUnion("_tag"))
export type Fact = typeof Fact.Type

/** One line of a list, linked where `link` is given. */
export const Line = Schema.Struct({
  strong: Schema.NonEmptyString,
  text: Schema.optionalKey(Schema.NonEmptyString),
  link: Schema.optionalKey(Link)
})
export type Line = typeof Line.Type

/**
 * The texts of a notification. All are plain and untrusted: a plugin escapes them for its channel, and cuts them to the
 * limits of the channel with `cut`.
 */
export const Message = Schema.Struct({
  /**
   * What it is about: a problem that exists now, one that is over, or Tocsin itself, such as an edit of an alert rule
   * that cleared an alert here while it is still raised at its source.
   */
  state: Schema.Literals(["raised", "cleared", "notice"]),
  severity: Severity,
  headline: Schema.NonEmptyString,
  /** The link of the headline: the source's view at the start, or at the clear. */
  link: Schema.optionalKey(Link),
  /** A second link, with its name. */
  secondLink: Schema.optionalKey(NamedLink),
  /** Further links, the most useful first; at most 4. */
  moreLinks: Schema.optionalKey(Schema.Array(NamedLink)),
  summary: Schema.optionalKey(Schema.NonEmptyString),
  facts: Schema.Array(Fact),
  /** A list; `omitted` counts the items that are not among `lines`. */
  lines: Schema.Array(Line),
  linesTitle: Schema.NonEmptyString,
  omitted: Schema.Natural,
  /** Remarks on the message itself, such as an assumed time zone. */
  notes: Schema.Array(Schema.NonEmptyString)
})
export type Message = typeof Message.Type

/** Converts any notification to a message. */
export const fromNotification: (notification: Notification) => Message = Notification.match({
  Raised: ({ alert, flaps }) => raised(`Raised: ${subject(alert)}`, alert, flaps),
  Escalated: ({ alert, from }) => {
    const message = raised(`Escalated to ${alert.severity}: ${subject(alert)}`, alert)
    return { ...message, facts: [text("Severity before", from), ...message.facts] }
  },
  Reminder: ({ alert }) => raised(`Still raised: ${subject(alert)}`, alert),
  Cleared: (notification) => cleared(`Cleared: ${subject(notification.alert)}`, notification),
  RaisedAndCleared: (notification) => cleared(`Raised and cleared: ${subject(notification.alert)}`, notification),
  Digest: (digest): Message => {
    const total = digest.raised + digest.cleared
    const { clearedHere: here = 0 } = digest
    const states = [
      [digest.raised, "raised"],
      [digest.cleared - here, "cleared"],
      [here, "cleared here"]
    ] as const
    const counts = states.flatMap(([n, state]) => (n > 0 ? [`${count(n)} ${state}`] : []))
    const lines = digest.groups.flatMap((group) => [
      { strong: `${group.rule}: ${count(group.total)}` },
      ...group.alerts.map(({ link, text }) => ({ strong: text, ...(link && { link }) }))
    ])
    return {
      state: digest.raised > 0 ? "raised" : here > 0 ? "notice" : "cleared",
      severity: digest.severity,
      headline: `${count(total)} ${total === 1 ? "alert" : "alerts"}${counts.length > 0 ? `: ${counts.join(", ")}` : ""}`,
      ...(digest.link && { link: digest.link }),
      facts: [text("Most severe", digest.severity)],
      lines,
      linesTitle: "By rule",
      omitted: digest.groups.reduce((omitted, group) => omitted + Math.max(0, group.total - group.alerts.length), 0),
      notes: [
        ...(digest.because === "storm" ? ["There were more messages than this channel accepts one by one."] : []),
        ...(here > 0 ? ["Alerts that were cleared here are still raised at their source."] : [])
      ]
    }
  },
  DigestList: ({ alerts, first, omitted, total, ...about }): Message => ({
    ...listed(about),
    headline: `Alerts ${count(first)} to ${count(first + alerts.length - 1)} of ${count(total)}`,
    lines: alerts.map(({ severity, text }) => ({ strong: text, text: severity })),
    linesTitle: "Most severe first",
    omitted
  }),
  Notice: ({ headline, lines, ...about }): Message => ({
    ...listed(about),
    headline,
    lines: lines.map((line) => ({ strong: line }))
  }),
  Test: ({ alert, of }) => {
    const message: Message =
      of === "Raised"
        ? raised(`Test of a raised alert: ${subject(alert)}`, alert)
        : cleared(`Test of a cleared alert: ${subject(alert)}`, {
            alert,
            because: "conditionsNoLongerMet",
            clearedAt: alert.clearedAt ?? alert.startedAt
          })
    return { ...message, notes: [...message.notes, "This is a test; nothing is wrong."] }
  }
})

/**
 * Renders the message as plain text of at most `max` units (at least 200), never blank. If it is too long, the list is
 * shortened first, and the text says how many lines are left out.
 *
 * A unit is a UTF-16 unit of the text, or of the result of `encode`. Pass `encode` if the channel escapes the text or
 * counts bytes: its result is measured, and the returned text is not encoded.
 */
export const plainText = (
  message: Message,
  max: number,
  { encode = (text) => text }: Pick<CutOptions, "encode"> = {}
): string => {
  const room = Math.max(200, max)
  const size = (text: string) => encode(text).length
  // One long text must not displace the others.
  const short = (text: string) => cut(text, Math.floor(room / 8), { encode })
  const head = [
    cut(message.headline, Math.floor(room / 4), { encode }),
    message.link?.href,
    message.summary === undefined ? undefined : cut(message.summary, Math.floor(room / 4), { encode }),
    ...message.facts.map((fact) => `${fact.label}: ${short(factText(fact))}`)
  ].filter((line) => line !== undefined)
  const tail = [
    ...namedLinks(message).map(({ label, link }) => `${short(label)}: ${link.href}`),
    ...message.notes.map(short)
  ].filter((line) => line !== undefined)
  const lines = message.lines.map(({ strong, text }) =>
    text === undefined ? `- ${short(strong)}` : `- ${short(strong)}: ${short(text)}`
  )
  const more = (shown: number) => moreText(lines.length - shown + message.omitted)
  const separator = size("\n")
  const reserve = size(more(0))
  const left = room - size([...head, ...tail, `${message.linesTitle}:`].join("\n")) - 2 * separator
  const shown = fitting(lines.map(size), {
    max: message.omitted > 0 ? left - reserve - separator : left,
    separator,
    reserve
  })
  const isCut = shown < lines.length || message.omitted > 0
  const list = [...lines.slice(0, shown), ...(isCut ? [more(shown)] : [])]
  const text = [...head, ...(list.length > 0 ? [`${message.linesTitle}:`, ...list] : []), ...tail].join("\n")
  return isBlank(text) ? "A notification without text" : cut(text, room, { encode })
}

/** Services refuse a text without visible characters. */
const isBlank = (text: string): boolean => text.replace(/[\s\p{Cc}\p{Default_Ignorable_Code_Point}]/gu, "") === ""

/** The text for `count` items that are not shown: `and 12 more`. */
export const moreText = (omitted: number): string => `and ${count(omitted)} more`

/** A fact's value in words, a time as `2022-04-25 22:18:00 UTC`. */
export const factText = (fact: Fact): string => (fact._tag === "Text" ? fact.text : timeText(fact.at))

/** A time in words, for a reader whose zone is not known: `2022-04-25 22:18:00 UTC`. */
export const timeText = (at: DateTime.Utc): string =>
  `${DateTime.formatIso(at).replace("T", " ").replace(/\.\d+/, "").replace(/Z$/, "")} UTC`

const listed = ({ link, severity }: Pick<Message, "link" | "severity">) => ({
  state: "notice" as const,
  severity,
  ...(link && { link }),
  facts: [],
  linesTitle: "Details",
  omitted: 0,
  notes: []
})

const subject = (alert: Alert): string =>
  alert.test === undefined ? alert.rule.name : `${alert.rule.name} on ${alert.test.name}`

const raised = (headline: string, alert: Alert, flaps?: number): Message => ({
  state: "raised",
  ...about(alert, "atStart"),
  ...links(alert.links.started ?? alert.links.alert, alert),
  headline,
  facts: [
    ...facts(alert),
    time("Started", alert.startedAt),
    ...(flaps === undefined ? [] : [text("Since last notified", `cleared and raised again, ${times(flaps)}`)])
  ]
})

const cleared = (
  headline: string,
  { alert, because, clearedAt, flaps }: Omit<typeof Notification.cases.Cleared.Type, "_tag">
): Message => {
  const isOver = endsAlert(because)
  const { notes, ...rest } = about(alert, "atEnd")
  return {
    state: isOver ? "cleared" : "notice",
    ...rest,
    ...links(viewAtClear(alert, clearedAt), alert),
    headline: isOver ? headline : `Cleared here: ${becauseText[because]} – ${subject(alert)}`,
    facts: [
      text("Cleared", becauseText[because]),
      ...facts(alert),
      time("Started", alert.startedAt),
      time(isOver ? "Ended" : "Cleared here", clearedAt),
      ...(isOver ? [text("Duration", durationText(DateTime.distance(alert.startedAt, clearedAt)))] : []),
      ...(flaps === undefined ? [] : [text("Since last notified", `cleared and raised again, ${times(flaps)}`)])
    ],
    notes: isOver ? notes : ["The alert is still raised at its source.", ...notes]
  }
}

/** The link for the alert's own end, or for the time of the edit that ended the conversation. */
const viewAtClear = (alert: Alert, clearedAt: DateTime.Utc): Link | undefined => {
  if (alert.links.cleared !== undefined) return alert.links.cleared
  const seconds = String(Math.floor(clearedAt.epochMilliseconds / 1000))
  return Option.getOrElse(decodeLink(alert.links.view?.replaceAll("{time}", seconds)), () => alert.links.alert)
}

const decodeLink = Schema.decodeUnknownOption(Schema.toCodecJson(Link))

/** The links of a message beside that of its headline, in the order in which they are shown. */
export const namedLinks = ({ moreLinks = [], secondLink }: Message): ReadonlyArray<NamedLink> =>
  secondLink === undefined ? moreLinks : [secondLink, ...moreLinks]

const links = (link: Link | undefined, alert: Alert): Pick<Message, "link" | "secondLink" | "moreLinks"> => {
  const permalink = alert.links.alert
  const [secondLink, ...moreLinks] = [
    ...(permalink && link?.href !== permalink.href ? [{ label: "Alert", link: permalink }] : []),
    ...(alert.links.more ?? [])
  ]
  return {
    ...(link && { link }),
    ...(secondLink && { secondLink }),
    ...(moreLinks.length > 0 && { moreLinks: moreLinks.slice(0, maxMoreLinks) })
  }
}

const maxMoreLinks = 4

const about = (
  alert: Alert,
  when: "atStart" | "atEnd"
): Pick<Message, "severity" | "summary" | "lines" | "linesTitle" | "omitted" | "notes"> => ({
  severity: alert.severity,
  ...(alert.summary !== undefined && { summary: alert.summary }),
  lines: alert.observations.map((observation) => observed(observation, when)),
  linesTitle: "Observed by",
  omitted: alert.observationsOmitted,
  notes: [`${alert.source} alert ${alert.sourceId}`, ...timeZoneNote(alert)]
})

const timeZoneNote = ({ assumedTimeZone }: Alert): ReadonlyArray<string> =>
  assumedTimeZone === undefined
    ? []
    : [
        assumedTimeZone.stated === undefined
          ? `The source states no time zone; its times were read as ${assumedTimeZone.zone}.`
          : `The source's time zone ${assumedTimeZone.stated} is not known; its times were read as ${assumedTimeZone.zone}.`
      ]

const observed = ({ atEnd, atStart, link, name }: Observation, when: "atStart" | "atEnd"): Line => {
  const metrics = when === "atStart" || atEnd === undefined ? atStart : atEnd
  return { strong: name, ...(metrics !== undefined && { text: metrics }), ...(link && { link }) }
}

const facts = (alert: Alert): ReadonlyArray<Fact> => [
  text("Severity", alert.severity),
  ...(alert.rule.expression === undefined ? [] : [text("Condition", alert.rule.expression)]),
  ...(alert.test?.targets === undefined || alert.test.targets.length === 0
    ? []
    : [text(alert.test.targets.length === 1 ? "Target" : "Targets", alert.test.targets.join(", "))]),
  ...(Object.keys(alert.labels).length === 0
    ? []
    : [
        text(
          "Labels",
          Object.entries(alert.labels)
            .map(([name, value]) => `${name}=${value}`)
            .join(", ")
        )
      ])
]

const text = (label: string, text: string): Fact => ({ _tag: "Text", label, text })

const time = (label: string, at: DateTime.Utc): Fact => ({ _tag: "Time", label, at })

const count = (n: number): string => (n < 1000 ? String(n) : n.toLocaleString("en-US"))

const times = (n: number): string => (n === 1 ? "once" : `${count(n)} times`)
