import { Api, type Delivery as DeliveryJson, NotFound } from "@tocsin/client"
import { type Delivery, History, Journal } from "@tocsin/delivery"
import { DateTime, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { next } from "./pages.ts"
import { storeProblem } from "./problems.ts"

/** A delivery as the API shows it. */
export const deliveryJson = ({
  cause,
  createdAt,
  nextAt,
  text,
  transitions,
  updatedAt,
  ...delivery
}: Delivery): typeof DeliveryJson.Type => ({
  ...delivery,
  ...(cause !== undefined && { cause }),
  ...(text !== undefined && { text }),
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
  Api,
  "deliveries",
  Effect.fn(function* (handlers) {
    const history = yield* History
    const journal = yield* Journal

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
        const page = yield* journal.read(history.list(filter)).pipe(Effect.mapError(storeProblem))
        return { items: page.items.map(deliveryJson), total: page.total, ...next(page) }
      }),
      get: Effect.fnUntraced(function* ({ params: { id } }) {
        const delivery = yield* journal.read(history.get(id)).pipe(Effect.mapError(storeProblem))
        return delivery === undefined ? yield* new NotFound({}) : deliveryJson(delivery)
      })
    })
  })
)
