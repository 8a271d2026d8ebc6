/**
 * Many notifications as one message. Pure.
 */
import {
  type Alert,
  cut,
  type DigestGroup,
  endsAlert,
  fitting,
  maxDigestReplies,
  Message,
  type Notification,
  oneLine,
  type Severity,
  severityRank,
  utf8Units
} from "@tocsin/core"

/** The most alerts of a group that a digest lists; it counts the others. */
const linesOfGroup = 5

/** The most groups that a digest lists; it counts the alerts of the others together. */
const mostGroups = 50

/** The longest text about one alert in a reply, in UTF-16 units. */
const maxListed = 200

/** A reply that lists alerts of a digest. */
export type DigestList = Extract<Notification, { readonly _tag: "DigestList" }>

/** A notification about one alert. */
export type OfAlert = Notification & { readonly alert: Alert }

/** Combines many notifications into one: grouped by rule, the most severe first (D5). */
export const digest = (
  notifications: ReadonlyArray<OfAlert>,
  link: URL | undefined
): Extract<Notification, { _tag: "Digest" }> => {
  const groups = [...Map.groupBy(notifications, ({ alert }) => alert.rule.name)].map(([rule, of]) => {
    const mostSevereFirst = of.toSorted((a, b) => severityRank(b.alert.severity) - severityRank(a.alert.severity))
    return {
      rule,
      severity: mostSevere(of),
      total: of.length,
      alerts: mostSevereFirst.slice(0, linesOfGroup).map((notification) => {
        const { headline, link } = Message.fromNotification(notification)
        return { text: headline, ...(link && { link }) }
      })
    }
  })
  const ordered = groups.toSorted((a, b) => severityRank(b.severity) - severityRank(a.severity) || b.total - a.total)
  const rest = ordered.slice(mostGroups)
  const others: typeof DigestGroup.Type = {
    rule: `${rest.length} other rules`,
    severity: rest[0]?.severity ?? "info",
    total: rest.reduce((sum, { total }) => sum + total, 0),
    alerts: []
  }
  const clears = notifications.filter((one) => one._tag === "Cleared" || one._tag === "RaisedAndCleared")
  const clearedHere = clears.filter(({ because }) => !endsAlert(because)).length
  return {
    _tag: "Digest",
    because: "storm",
    raised: notifications.length - clears.length,
    cleared: clears.length,
    ...(clearedHere > 0 && { clearedHere }),
    severity: mostSevere(notifications),
    groups: [...ordered.slice(0, mostGroups), ...(rest.length > 0 ? [others] : [])],
    ...(link && { link })
  }
}

const mostSevere = (notifications: ReadonlyArray<{ readonly alert: Alert }>): Severity =>
  notifications.reduce<Severity>(
    (worst, { alert }) => (severityRank(alert.severity) > severityRank(worst) ? alert.severity : worst),
    "info"
  )

/**
 * Lists the alerts of a digest in replies whose plain text fits a channel that takes `text` units, the most severe
 * first; in at most `maxDigestReplies`. `link` leads to those that are left out. None for a digest that lists its few
 * alerts itself.
 */
export const digestList = (
  notifications: ReadonlyArray<OfAlert>,
  { link, text }: { readonly link: URL | undefined; readonly text: number }
): ReadonlyArray<DigestList> => {
  const total = notifications.length
  if (total <= linesOfGroup) return []
  const alerts = notifications
    .toSorted((a, b) => severityRank(b.alert.severity) - severityRank(a.alert.severity) || byRule(a, b))
    .map((one) => ({
      text: cut(oneLine(Message.fromNotification(one).headline), maxListed),
      severity: one.alert.severity
    }))
  const common = { _tag: "DigestList" as const, severity: mostSevere(notifications), total }
  const around = { ...common, part: 1, parts: 1, first: total, alerts: [], omitted: total, ...(link && { link }) }
  const room = text - units(Message.plainText(Message.fromNotification(around), text))
  const chunks: Array<typeof alerts> = []
  let listed = 0
  while (listed < total && chunks.length < maxDigestReplies) {
    const sizes = alerts.slice(listed).map(({ severity, text }) => units(`- ${text}: ${severity}\n`))
    const chunk = alerts.slice(listed, listed + fitting(sizes, { max: room, reserve: 0, separator: 0 }))
    if (chunk.length === 0) break
    chunks.push(chunk)
    listed += chunk.length
  }
  return chunks.map((chunk, n) => {
    const omitted = n === chunks.length - 1 ? total - listed : 0
    const first = chunks.slice(0, n).reduce((sum, { length }) => sum + length, 1)
    return {
      ...common,
      part: n + 1,
      parts: chunks.length,
      first,
      alerts: chunk,
      omitted,
      ...(omitted > 0 && link && { link })
    }
  })
}

const byRule = (a: OfAlert, b: OfAlert): number =>
  a.alert.rule.name < b.alert.rule.name ? -1 : Number(a.alert.rule.name > b.alert.rule.name)

/** The most bytes of a text as any channel sends it: a character that is escaped or divided takes up to six more. */
const units = (text: string): number => utf8Units(text.replace(/[^\p{L}\p{N} ]|w/giu, "$&______")).length
