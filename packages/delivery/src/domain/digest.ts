/**
 * Many notifications as one message. Pure.
 */
import {
  type Alert,
  type DigestGroup,
  endsAlert,
  Message,
  type Notification,
  type Severity,
  severityRank
} from "@tocsin/core"

/** The most alerts of a group that a digest lists; it counts the others. */
const linesOfGroup = 5

/** The most groups that a digest lists; it counts the alerts of the others together. */
const mostGroups = 50

/** Combines many notifications into one: grouped by rule, the most severe first (D5). */
export const digest = (
  notifications: ReadonlyArray<Notification & { readonly alert: Alert }>,
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
