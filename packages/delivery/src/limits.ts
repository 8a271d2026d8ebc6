/**
 * How much of an event is kept (case L). What is longer is cut and says so with `…`.
 */
import { type AlertEvent, cut } from "@tocsin/core"

/** The longest body of a request: 4 MiB. */
export const maxBodyBytes = 4 * 1024 * 1024
/** The most alerts in one `POST /v1/alerts`. */
export const maxAlerts = 1000
/** The longest id of a source's alert, event, rule or test, in characters. */
export const maxIdLength = 512
/** The longest name or other text, in characters. */
export const maxTextLength = 4096
/** The most labels of one alert, and the longest name or value of one. */
export const maxLabels = 64
export const maxLabelLength = 1024
/** The most observations of one alert; more are counted. */
export const maxObservations = 5000
/** The longest body that is kept when it could not be read, in characters, and how many of them are kept. */
export const maxUnreadableLength = 65_536
export const maxUnreadable = 1000
/** The longest plain text of a message that history keeps, in characters. */
export const maxTextKept = 4096

/** The event with everything cut to its limit. */
export const withinLimits = (event: AlertEvent): AlertEvent => {
  const { observations, rule, test } = event
  return {
    ...event,
    sourceId: id(event.sourceId),
    ...(event.eventId !== undefined && { eventId: id(event.eventId) }),
    ...(event.summary !== undefined && { summary: text(event.summary) }),
    rule: {
      name: text(rule.name),
      ...(rule.id !== undefined && { id: id(rule.id) }),
      ...(rule.expression !== undefined && { expression: text(rule.expression) })
    },
    ...(test && {
      test: {
        name: text(test.name),
        ...(test.id !== undefined && { id: id(test.id) }),
        ...(test.type !== undefined && { type: text(test.type) }),
        ...(test.targets !== undefined && { targets: test.targets.slice(0, maxLabels).map(text) })
      }
    }),
    labels: Object.fromEntries(
      Object.entries(event.labels)
        .slice(0, maxLabels)
        .map(([name, value]) => [cut(name, maxLabelLength), cut(value, maxLabelLength)])
    ),
    observations: observations.slice(0, maxObservations).map(({ atEnd, atStart, link, name }) => ({
      name: text(name),
      ...(atStart !== undefined && { atStart: text(atStart) }),
      ...(atEnd !== undefined && { atEnd: text(atEnd) }),
      ...(link && { link })
    })),
    observationsOmitted: event.observationsOmitted + Math.max(0, observations.length - maxObservations)
  }
}

const text = (value: string) => cut(value, maxTextLength)

const id = (value: string) => cut(value, maxIdLength)
