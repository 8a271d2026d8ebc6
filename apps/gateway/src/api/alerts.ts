import type { Explanation as ExplanationJson } from "@tocsin/client"
import { fromPostedAlert, InboundLimits, type IntegrationId } from "@tocsin/core"
import {
  AlertSearch,
  Configuration,
  endOf,
  explain,
  type Explanation,
  History,
  Intake,
  RateLimiter,
  timeline,
  withShownCauses
} from "@tocsin/delivery"
import { Clock, DateTime, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { GatewayApi } from "./GatewayApi.ts"
import { decodeAlerts } from "./body/decodeAlerts.ts"
import { readBody } from "./body/readBody.ts"
import { readJson } from "./body/readJson.ts"
import { deliveryJson } from "./deliveries.ts"
import { logEdit } from "./logEdit.ts"
import { countThatFits, next } from "./pagination.ts"
import { notFound } from "./problems.ts"

const json = { maxValues: InboundLimits.maxValues, repeated: "refuse", number: Number } as const

/** `/v1/alerts` */
export const AlertHandlers = HttpApiBuilder.group(
  GatewayApi,
  "alerts",
  Effect.fn(function* (handlers) {
    const intake = yield* Intake
    const search = yield* AlertSearch
    const history = yield* History
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
      .handleRaw("post", ({ request }) =>
        Effect.gen(function* () {
          const body = yield* readJson(yield* readBody(request), json)
          const posted = yield* decodeAlerts(body.value)
          const items = yield* intake.accept(posted.map(fromPostedAlert))
          return { items }
        })
      )
      .handle("list", ({ query }) =>
        Effect.gen(function* () {
          const { limit = 100, notNotified } = query
          const page = yield* search.list({ ...query, limit, notNotified: notNotified === "true" })
          return { items: page.items, total: page.total, ...next(page) }
        })
      )
      .handle("get", ({ params: { id } }) =>
        Effect.gen(function* () {
          const alert = yield* search.get(id)
          if (alert === undefined) return yield* noSuch()
          const conversations = yield* history.conversations(id)
          const deliveries = yield* history.list({ alert: id, status: [], limit: 500 })
          const notes = yield* history.notes(id)
          const shown = deliveries.items.map(withShownCauses(yield* configuration.currentRules)).map(deliveryJson)
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
              deliveries: deliveries.items.toReversed()
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
            .map(withShownCauses(rules.map(({ rule }) => rule)))
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
            rules: rules.filter(({ rule }) => ledBy.has(rule.id))
          })
          return { items: entries.map(({ at, ...entry }) => ({ ...entry, at: DateTime.makeUnsafe(at) })) }
        })
      )
      .handle("clear", ({ params: { id }, payload: { reason }, request }) =>
        Effect.gen(function* () {
          const alert = yield* intake.clear(id, reason)
          if (alert === undefined) return yield* noSuch()
          yield* logEdit(request, `Alert ${id}`, "cleared")
          return alert
        })
      )
  })
)

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
