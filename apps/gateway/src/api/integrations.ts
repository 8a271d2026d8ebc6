import { Conflict, type IntegrationPayload, type TestSend } from "@tocsin/client"
import { type AlertId, IntegrationId } from "@tocsin/core"
import {
  AlertSearch,
  Configuration,
  Edits,
  type IntegrationInput,
  Lanes,
  invalid,
  pluginFailed,
  type ReadyIntegration,
  type ShownIntegration,
  type TestOutcome,
  TestSends
} from "@tocsin/delivery"
import { Clock, DateTime, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpApiBuilder } from "effect/http-api"
import { GatewayApi } from "./GatewayApi.ts"
import { callerText } from "./access/Caller.ts"
import { toInvalidRequest } from "./body/toInvalidRequest.ts"
import {
  checkId,
  created,
  createProblems,
  editProblems,
  expected,
  expectedOfReplace,
  invalidProblem,
  replaceProblems,
  summed,
  tagged
} from "./conditionalRequests.ts"
import { integrationJson, stateOf } from "./documents/integrationJson.ts"
import { integrationPreview } from "./documents/integrationPreview.ts"
import { logEdit } from "./logEdit.ts"
import { boundedPage, pageOf } from "./pagination.ts"
import { notFound } from "./problems.ts"
import { testedSettings } from "./testedSettings.ts"

/** `/v1/integrations` */
export const IntegrationHandlers = HttpApiBuilder.group(
  GatewayApi,
  "integrations",
  Effect.fn(function* (handlers) {
    const configuration = yield* Configuration
    const edits = yield* Edits
    const search = yield* AlertSearch
    const random = yield* SecureRandom.SecureRandom
    const tests = yield* TestSends
    const lanes = yield* Lanes
    const tested = yield* testedSettings

    /** An unsaved integration, ready to use; omitted secrets are taken from the integration with this id. */
    const unsaved = (input: IntegrationInput) =>
      configuration.check(input).pipe(
        Effect.catchTags({
          InvalidInput: (error) => Effect.fail(toInvalidRequest(error))
        })
      )

    /** A saved integration, ready to use, with other settings if some are given. */
    const stored = Effect.fnUntraced(function* (id: IntegrationId, settings: IntegrationInput["settings"] | undefined) {
      if (settings !== undefined) {
        const shown = yield* configuration.integration(id)
        return shown === undefined ? yield* noSuch() : yield* unsaved({ ...shown, settings })
      }
      const ready = yield* configuration.ready(id).pipe(
        Effect.catchTags({
          NotReady: ({ detail }) =>
            Effect.fail(toInvalidRequest(invalid("", "an integration that can be used", detail)))
        })
      )
      return ready ?? (yield* noSuch())
    })

    const preview = Effect.fnUntraced(function* (ready: ReadyIntegration, id: AlertId | undefined) {
      const alert = id === undefined ? undefined : yield* search.get(id)
      if (id !== undefined && alert === undefined) return yield* notFound("alert", "/v1/alerts")
      const now = yield* DateTime.now
      return yield* Effect.try({
        try: () => integrationPreview(ready, alert && { alert, now }),
        catch: (thrown) => toInvalidRequest(pluginFailed("preview", thrown, ready.integration.settings))
      })
    })

    const test = (ready: ReadyIntegration, isSaved: boolean) =>
      (isSaved ? tests.send(ready) : tests.sendUnsaved(ready)).pipe(
        Effect.map((outcomes) => ({ items: outcomes.map(outcomeJson) }))
      )

    const show = Effect.fnUntraced(function* (shown: ShownIntegration) {
      const pending = yield* lanes.pending(shown.id)
      const rules = (yield* configuration.currentRules)
        .filter((rule) => rule.integrations.includes(shown.id))
        .map(({ id, name }) => ({ id, name }))
      return integrationJson(shown, { now: yield* Clock.currentTimeMillis, pending, rules })
    })

    const setPaused = Effect.fnUntraced(function* (
      id: IntegrationId,
      change: { readonly paused: boolean; readonly reason: string }
    ) {
      const changed = yield* edits.setPaused(id, { ...change, by: yield* callerText }).pipe(
        Effect.catchTags({
          NotFound: () => Effect.fail(noSuch())
        })
      )
      yield* logEdit(`Integration ${id}`, change.paused ? "paused" : "resumed")
      return yield* show(changed)
    })

    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query: { state, type, ...page } }) {
        const all = yield* configuration.integrations
        const now = yield* Clock.currentTimeMillis
        const wanted = all.filter(
          (one) => (type === undefined || one.type === type) && (state === undefined || stateOf(one, now) === state)
        )
        const found = pageOf(wanted, page)
        return boundedPage(found, yield* Effect.forEach(found.items, show))
      }),
      create: Effect.fnUntraced(function* ({ payload }) {
        const id = payload.id ?? IntegrationId.make(yield* random.uuidV7())
        const { isNew: _, ...saved } = yield* edits
          .saveIntegration(input(payload, id), "absent", yield* tested.deliveredAt(payload, payload.tested))
          .pipe(Effect.catchTags(createProblems("an integration")))
        yield* logEdit(`Integration ${id}`, "created")
        return tagged(yield* show(saved))
      }),
      get: Effect.fnUntraced(function* ({ params: { id } }) {
        const found = yield* configuration.integration(id)
        return found === undefined ? yield* noSuch() : tagged(yield* show(found))
      }),
      replace: Effect.fnUntraced(function* ({ headers, params: { id }, payload }) {
        yield* checkId(payload.id, id)
        const { isNew, ...saved } = yield* edits
          .saveIntegration(input(payload, id), expectedOfReplace(headers))
          .pipe(Effect.catchTags(replaceProblems))
        yield* logEdit(`Integration ${id}`, isNew ? "created" : "replaced")
        yield* created(isNew)
        return tagged(yield* show(saved))
      }),
      consequences: Effect.fnUntraced(function* ({ payload }) {
        const id = "remove" in payload ? payload.remove : (payload.id ?? IntegrationId.make(yield* random.uuidV7()))
        const pending = (yield* lanes.pending(id)).size
        const nothing = { raise: 0, clear: 0, integrations: [], retried: 0, superseded: 0, rules: [], fallbackFor: [] }
        if ("remove" in payload) {
          const all = yield* configuration.integrations
          if (!all.some((one) => one.id === id)) return yield* noSuch()
          const rules = yield* configuration.rules
          return {
            ...nothing,
            ...summed(yield* edits.previewRemoval(id)),
            superseded: pending,
            rules: rules.flatMap(({ rule }) =>
              rule.integrations.includes(id)
                ? [
                    {
                      id: rule.id,
                      name: rule.name,
                      integrationsLeft: rule.integrations.filter((one) => one !== id).length
                    }
                  ]
                : []
            ),
            fallbackFor: all.flatMap((one) => (one.fallback === id ? [one.id] : []))
          }
        }
        const items = yield* edits.previewIntegration(input(payload, id)).pipe(Effect.catchTags(invalidProblem))
        return { ...nothing, ...summed(items), retried: (payload.enabled ?? true) ? pending : 0 }
      }),
      pause: ({ params: { id }, payload: { reason } }) => setPaused(id, { paused: true, reason }),
      resume: ({ params: { id }, payload: { reason } }) => setPaused(id, { paused: false, reason }),
      testUnsaved: Effect.fnUntraced(function* ({ payload }) {
        // A new id, so that it gets no stored secrets.
        const outcome = yield* test(yield* unsaved(input(payload, IntegrationId.make(yield* random.uuidV7()))), false)
        const isDelivered = outcome.items.every(({ status }) => status === "delivered")
        return { ...outcome, ...(isDelivered && { tested: yield* tested.proof(payload) }) }
      }),
      test: Effect.fnUntraced(function* ({ params: { id }, payload }) {
        const ready = yield* stored(id, payload?.settings)
        return yield* test(ready, payload?.settings === undefined)
      }),
      previewUnsaved: Effect.fnUntraced(function* ({ payload, query }) {
        return yield* preview(yield* unsaved(input(payload, IntegrationId.make(yield* random.uuidV7()))), query.alert)
      }),
      preview: Effect.fnUntraced(function* ({ params: { id }, payload, query }) {
        return yield* preview(yield* stored(id, payload?.settings), query.alert)
      }),
      remove: Effect.fnUntraced(function* ({ headers, params: { id }, query }) {
        yield* edits.removeIntegration(id, { expected: expected(headers), force: query.force === "true" }).pipe(
          Effect.catchTags({
            ...editProblems(noSuch),
            StillNamed: ({ by }) =>
              Effect.fail(
                new Conflict({
                  detail: `The integration is used by ${firstFew(by)}. Remove it there first, or pass ?force=true.`
                })
              )
          })
        )
        yield* logEdit(`Integration ${id}`, "removed")
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

const outcomeJson = ({
  form,
  link,
  of,
  reason,
  status,
  until
}: TestOutcome): (typeof TestSend.Type)["items"][number] => ({
  of,
  status,
  form,
  ...(reason && { reason: reason._tag, detail: reason.detail }),
  ...(until !== undefined && { until: DateTime.makeUnsafe(until) }),
  ...(link && { link })
})

/** The first few names, because a person reads the detail. */
const firstFew = (names: ReadonlyArray<string>): string =>
  [...names.slice(0, 10), ...(names.length > 10 ? [`${names.length - 10} more`] : [])].join(", ")

const noSuch = () => notFound("integration", "/v1/integrations")
