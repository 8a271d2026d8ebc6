import { type AlertEvent, cut, cutLabels, InboundLimits, Message } from "@tocsin/core"
import { storable } from "./storableText.ts"

/** The event with everything cut to its limit. */
export const truncateEvent = (event: AlertEvent): AlertEvent => {
  const { links, observations, rule, test } = event
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
        ...(test.targets !== undefined && { targets: targets(test.targets) })
      }
    }),
    labels: cutLabels(Object.entries(event.labels)),
    links: {
      ...links,
      ...(links.more !== undefined && {
        more: links.more
          .slice(0, InboundLimits.maxLinks)
          .map(({ label, link }) => ({ label: cut(label, InboundLimits.maxLabelLength), link }))
      })
    },
    observations: observations.slice(0, InboundLimits.maxObservations).map(({ atEnd, atStart, link, name }) => ({
      name: text(name),
      ...(atStart !== undefined && { atStart: text(atStart) }),
      ...(atEnd !== undefined && { atEnd: text(atEnd) }),
      ...(link && { link })
    })),
    observationsOmitted: event.observationsOmitted + Math.max(0, observations.length - InboundLimits.maxObservations)
  }
}

/** The last of too many becomes the number of those omitted. */
const targets = (all: ReadonlyArray<string>): ReadonlyArray<string> => {
  const kept = all.slice(0, all.length > InboundLimits.maxTargets ? InboundLimits.maxTargets - 1 : all.length).map(text)
  return kept.length < all.length ? [...kept, Message.moreText(all.length - kept.length)] : kept
}

const text = (value: string) => cut(value, InboundLimits.maxTextLength)

/** Ids are compared with those that the store returns. */
const id = (value: string) => cut(storable(value), InboundLimits.maxIdLength)
