import { AlertList, type Explanation as ExplanationJson } from "@tocsin/client"
import type { IntegrationId } from "@tocsin/core"
import {
  AlertSearch,
  AuditLog,
  Configuration,
  endOf,
  explain,
  type Explanation,
  History,
  Intake,
  plainEncoder,
  RateLimiter,
  shownCauses,
  timeline
} from "@tocsin/delivery"
import { Clock, DateTime, Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { GatewayApi } from "./GatewayApi.ts"
import { deliveryJson } from "./deliveries.ts"
import { logEdit } from "./logEdit.ts"
import { countThatFits, next } from "./pagination.ts"
import { notFound } from "./problems.ts"
import { failureOf, makeReceiveAlerts } from "./intake/receiveAlerts.ts"

/** `/v1/alerts` */
export const AlertHandlers = HttpApiBuilder.group(
  GatewayApi,
  "alerts",
  Effect.fn(function* (handlers) {
    const intake = yield* Intake
    const receive = yield* makeReceiveAlerts
    const search = yield* AlertSearch
    const history = yield* History
    const audit = yield* AuditLog
    const configuration = yield* Configuration
    const rateLimiter = yield* RateLimiter

    /** When each rate limit of this gateway allows the next message, for those that do not allow one now. */
    const allowedAt = Effect.fnUntraced(function* (ids: ReadonlyArray<IntegrationId>) {
      const now = yield* Clock.currentTimeMillis
      const found = new Map<IntegrationId, number>()
      for (const id of ids) {
        const { rate, wait } = yield* rateLimiter.allowance(id)
        if (rate !== undefined && wait > 0) found.set(id, now + wait)
      }
      return found
    })

    return handlers
      .handleRaw("post", ({ request }) => Effect.suspend(() => failureOf(request) ?? receive(request)))
      .handle("list", ({ query: { limit = 100, notNotified, ...query } }) =>
        Effect.map(search.list({ ...query, limit, notNotified: notNotified === "true" }), (page) => {
          const list = { items: page.items, total: page.total, ...next(page) }
          const plain = plainList(list)
          return plain === undefined ? list : HttpServerResponse.jsonUnsafe(plain)
        })
      )
      .handle("get", ({ params: { id } }) =>
        Effect.gen(function* () {
          const alert = yield* search.get(id)
          if (alert === undefined) return yield* noSuch()
          const conversations = yield* history.conversations(id)
          const deliveries = yield* history.list({ alert: id, status: [], limit: 500 })
          const notes = yield* history.notes(id)
          const shown = deliveries.items.map(yield* shownCauses(configuration)).map(deliveryJson)
          const fitting = shown.slice(0, countThatFits(shown))
          const isCut = deliveries.next !== undefined || fitting.length < shown.length
          return {
            ...alert,
            notified: yield* search.notified(id),
            conversations: conversations.map(({ closedBecause, lastSent, severitySent, ...conversation }) => ({
              ...conversation,
              ...(lastSent && { lastWord: lastSent }),
              ...(severitySent && { severityTold: severitySent }),
              ...(closedBecause && { closedBecause })
            })),
            deliveries: fitting,
            ...(isCut && { moreDeliveries: true as const }),
            notes: notes.map(({ at, note }) => ({ at: DateTime.makeUnsafe(at), note }))
          }
        })
      )
      .handle("explain", ({ params: { id } }) =>
        Effect.gen(function* () {
          const alert = yield* search.get(id)
          if (alert === undefined) return yield* noSuch()
          const deliveries = yield* history.list({ alert: id, status: [], limit: 500 })
          const all = yield* configuration.integrations
          return {
            items: explain({
              alert,
              allowedAt: yield* allowedAt(all.map(({ id }) => id)),
              rules: yield* configuration.currentRules,
              integrations: all,
              conversations: yield* history.conversations(id),
              deliveries: deliveries.items.map(yield* shownCauses(configuration)).toReversed()
            }).map(explanationJson)
          }
        })
      )
      .handle("timeline", ({ params: { id } }) =>
        Effect.gen(function* () {
          const alert = yield* search.get(id)
          if (alert === undefined) return yield* noSuch()
          const conversations = yield* history.conversations(id)
          const ledBy = new Set(conversations.flatMap(({ rules }) => rules))
          const rules = yield* configuration.rules
          const deliveries = (yield* history.list({ alert: id, status: [], limit: 500 })).items
            .map(yield* shownCauses(configuration))
            .toReversed()
          const until = endOf({ alert, deliveries }) ?? (yield* Clock.currentTimeMillis)
          const entries = timeline({
            alert,
            deliveries,
            pauses: yield* history.pauses(
              conversations.map(({ integration }) => integration),
              until
            ),
            notes: yield* history.notes(id),
            rules: rules.filter(({ rule }) => ledBy.has(rule.id)),
            edits: yield* audit.ruleEdits({
              rules: rules.flatMap(({ rule }) => (ledBy.has(rule.id) ? [rule.id] : [])),
              since: alert.startedAt.epochMilliseconds,
              until
            })
          })
          return { items: entries.map(({ at, ...entry }) => ({ ...entry, at: DateTime.makeUnsafe(at) })) }
        })
      )
      .handle("clear", ({ params: { id }, payload: { reason } }) =>
        Effect.gen(function* () {
          const alert = yield* intake.clear(id, reason)
          if (alert === undefined) return yield* noSuch()
          yield* logEdit(`Alert ${id}`, "cleared")
          return alert
        })
      )
  })
)

/** Encodes a page in 0.6 of the schema's time; consoles read many. */
const plainList = plainEncoder(AlertList)

const explanationJson = ({
  delivery,
  digest,
  link,
  name,
  nearest,
  type,
  until,
  ...explanation
}: Explanation): typeof ExplanationJson.Type => ({
  ...explanation,
  ...(name !== undefined && { name }),
  ...(type !== undefined && { type }),
  ...(delivery !== undefined && { delivery }),
  ...(digest !== undefined && { digest }),
  ...(link !== undefined && { link }),
  ...(until !== undefined && { until: DateTime.makeUnsafe(until) }),
  ...(nearest !== undefined && {
    nearest: {
      ...nearest,
      failed: nearest.failed.map(({ found, ...condition }) => ({ ...condition, ...(found !== undefined && { found }) }))
    }
  })
})

const noSuch = () => notFound("alert", "/v1/alerts")
