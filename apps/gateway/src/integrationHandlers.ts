import { Api, Conflict, type Integration as IntegrationJson, type IntegrationPayload, NotFound } from "@tocsin/client"
import { IntegrationId } from "@tocsin/core"
import { Edits, type IntegrationInput, Integrations, invalid, Journal, type ShownIntegration } from "@tocsin/delivery"
import { DateTime, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpApiBuilder } from "effect/http-api"
import { toInvalidRequest } from "./body.ts"
import { editProblems, expected, invalidProblem, tagged } from "./edits.ts"
import { storeProblem } from "./problems.ts"

/** `/v1/integrations` */
export const IntegrationHandlers = HttpApiBuilder.group(
  Api,
  "integrations",
  Effect.fn(function* (handlers) {
    const integrations = yield* Integrations
    const edits = yield* Edits
    const journal = yield* Journal
    const random = yield* SecureRandom.SecureRandom

    return handlers.handleAll({
      list: Effect.fnUntraced(function* () {
        const items = yield* journal.read(integrations.list).pipe(Effect.mapError(storeProblem))
        return { items: items.map(integrationJson), total: items.length }
      }),
      create: Effect.fnUntraced(function* ({ payload }) {
        const id = payload.id ?? IntegrationId.make(yield* random.uuidV7())
        const saved = yield* edits.saveIntegration(input(payload, id), "absent").pipe(
          Effect.catchTags({
            ...editProblems,
            ...invalidProblem,
            NotFound: Effect.die,
            Changed: Effect.die,
            IdInUse: () => Effect.fail(new Conflict({ detail: "There is an integration of this id; PUT replaces it" }))
          })
        )
        return tagged(integrationJson(saved))
      }),
      get: Effect.fnUntraced(function* ({ params: { id } }) {
        const found = yield* journal.read(integrations.get(id)).pipe(Effect.mapError(storeProblem))
        return found === undefined ? yield* new NotFound({}) : tagged(integrationJson(found))
      }),
      replace: Effect.fnUntraced(function* ({ headers, params: { id }, payload }) {
        if (payload.id !== undefined && payload.id !== id) {
          return yield* toInvalidRequest(invalid("/id", "the id of the path, or none"))
        }
        const saved = yield* edits
          .saveIntegration(input(payload, id), expected(headers))
          .pipe(Effect.catchTags({ ...editProblems, ...invalidProblem, IdInUse: Effect.die }))
        return tagged(integrationJson(saved))
      }),
      remove: Effect.fnUntraced(function* ({ headers, params: { id }, query }) {
        yield* edits.removeIntegration(id, { expected: expected(headers), force: query.force === "true" }).pipe(
          Effect.catchTags({
            ...editProblems,
            StillNamed: ({ by }) =>
              Effect.fail(
                new Conflict({ detail: `Still named by ${by.join(", ")}; leave it there first, or add ?force=true` })
              )
          })
        )
      })
    })
  })
)

const input = (payload: typeof IntegrationPayload.Type, id: IntegrationId): IntegrationInput => {
  const { delivery, enabled = true, fallback, limits, name, settings, type } = payload
  return {
    id,
    name,
    type,
    enabled,
    settings,
    ...(limits && { limits }),
    ...(fallback && { fallback }),
    ...(delivery && { delivery })
  }
}

const integrationJson = ({
  broken,
  createdAt,
  lastSuccessAt,
  updatedAt,
  ...integration
}: ShownIntegration): typeof IntegrationJson.Type => ({
  ...integration,
  state: broken === undefined ? "ok" : "broken",
  ...(broken && { broken: { reason: broken.reason, since: DateTime.makeUnsafe(broken.since) } }),
  ...(lastSuccessAt !== undefined && { lastSuccessAt: DateTime.makeUnsafe(lastSuccessAt) }),
  createdAt: DateTime.makeUnsafe(createdAt),
  updatedAt: DateTime.makeUnsafe(updatedAt)
})
