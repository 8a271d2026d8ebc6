import { Conflict, type Delivery as DeliveryJson } from "@tocsin/client"
import { Configuration, type Delivery, History, invalid, Redeliveries, shownCauses } from "@tocsin/delivery"
import { DateTime, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { GatewayApi } from "./GatewayApi.ts"
import { toInvalidRequest } from "./body/toInvalidRequest.ts"
import { callerText } from "./access/Caller.ts"
import { logEdit } from "./logEdit.ts"
import { boundedPage } from "./pagination.ts"
import { notFound } from "./problems.ts"

/** A delivery as the API shows it. */
export const deliveryJson = ({
  alert,
  alertName,
  cause,
  createdAt,
  link,
  nextAt,
  foldedInto,
  recipients,
  redeliveryOf,
  text,
  transitions,
  updatedAt,
  ...delivery
}: Delivery): typeof DeliveryJson.Type => ({
  ...delivery,
  ...(alert !== undefined && { alert }),
  ...(alertName !== undefined && { alertName }),
  ...(cause !== undefined && { cause }),
  ...(text !== undefined && { text }),
  ...(link !== undefined && { link }),
  ...(recipients.length > 0 && { recipients }),
  ...(foldedInto !== undefined && { foldedInto }),
  ...(redeliveryOf !== undefined && { redeliveryOf }),
  ...(nextAt !== undefined && { nextAt: DateTime.makeUnsafe(nextAt) }),
  createdAt: DateTime.makeUnsafe(createdAt),
  updatedAt: DateTime.makeUnsafe(updatedAt),
  transitions: transitions.map(({ at, attempt, cause, status }) => ({
    status,
    at: DateTime.makeUnsafe(at),
    ...(cause !== undefined && { cause }),
    ...(attempt !== undefined && { attempt })
  }))
})

/** `/v1/deliveries` */
export const DeliveryHandlers = HttpApiBuilder.group(
  GatewayApi,
  "deliveries",
  Effect.fn(function* (handlers) {
    const history = yield* History
    const redeliveries = yield* Redeliveries
    const configuration = yield* Configuration

    const shown = shownCauses(configuration)

    const get = Effect.fnUntraced(function* (id: string) {
      const delivery = yield* history.get(id)
      return delivery === undefined ? yield* noSuch() : deliveryJson((yield* shown)(delivery))
    })

    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const { alert, integration, limit = 100, since, status = [] } = query
        const filter = {
          alert,
          integration,
          limit,
          status,
          since: since?.epochMilliseconds,
          before: query.after
        }
        const page = yield* history.list(filter)
        return boundedPage(page, page.items.map(yield* shown).map(deliveryJson))
      }),
      get: ({ params: { id } }) => get(id),
      redeliver: Effect.fnUntraced(function* ({ params: { id }, payload }) {
        const asked = { by: yield* callerText, reason: payload?.reason }
        const made = yield* redeliveries.one(id, asked).pipe(
          Effect.catchTags({
            NotFound: () => Effect.fail(noSuch()),
            NotAgain: ({ message }) => Effect.fail(new Conflict({ detail: message })),
            InvalidInput: (error) => Effect.fail(toInvalidRequest(error))
          })
        )
        yield* logEdit(`Delivery ${id}`, `redelivered as ${made}`)
        return yield* get(made)
      }),
      redeliverAll: Effect.fnUntraced(function* ({ payload }) {
        const { alert, dryRun = false, integration, reason, since, state = "dead" } = payload
        const filter = { alert, integration, state, since: since?.epochMilliseconds }
        if (dryRun) {
          return { redelivered: 0, matching: yield* redeliveries.count(filter) }
        }
        if (state === "delivered" && reason === undefined) {
          return yield* toInvalidRequest(
            invalid("/reason", "why they are to be delivered again, because they were delivered already")
          )
        }
        const redelivered = yield* redeliveries.many(filter, { by: yield* callerText, reason })
        yield* logEdit(`A redelivery of ${redelivered} ${state} deliveries`, "requested")
        return { redelivered }
      })
    })
  })
)

const noSuch = () => notFound("delivery", "/v1/deliveries")
