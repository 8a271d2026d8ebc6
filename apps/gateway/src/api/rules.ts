import { type AlertRule as RuleJson, type AlertRulePayload, Api, Conflict } from "@tocsin/client"
import { type AlertRule, AlertRuleId } from "@tocsin/core"
import { AlertRules, AlertSearch, Edits, invalid, GroupCommit, type StoredRule } from "@tocsin/delivery"
import { Clock, DateTime, Duration, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpApiBuilder } from "effect/http-api"
import { toInvalidRequest } from "./body/toInvalidRequest.ts"
import {
  created,
  editProblems,
  expected,
  expectedOfReplace,
  invalidProblem,
  replaceProblems,
  tagged
} from "./conditionalRequests.ts"
import { logEdit } from "./logEdit.ts"
import { boundedPage, pageOf } from "./pagination.ts"
import { notFound, storeProblem } from "./problems.ts"

/** `/v1/rules` */
export const RuleHandlers = HttpApiBuilder.group(
  Api,
  "rules",
  Effect.fn(function* (handlers) {
    const rules = yield* AlertRules
    const search = yield* AlertSearch
    const edits = yield* Edits
    const groupCommit = yield* GroupCommit
    const random = yield* SecureRandom.SecureRandom

    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query: { integration, ...page } }) {
        const all = yield* groupCommit.read(rules.list).pipe(Effect.mapError(storeProblem))
        const wanted = all.filter(({ rule }) => integration === undefined || rule.integrations.includes(integration))
        const found = pageOf(wanted, page)
        return boundedPage(found, found.items.map(ruleJson))
      }),
      create: Effect.fnUntraced(function* ({ payload, request }) {
        const id = payload.id ?? AlertRuleId.make(yield* random.uuidV7())
        const { isNew: _, ...saved } = yield* edits.saveRule(rule(payload, id), "absent").pipe(
          Effect.catchTags({
            ...editProblems(noSuch),
            ...invalidProblem,
            NotFound: Effect.die,
            Changed: Effect.die,
            IdInUse: () => Effect.fail(new Conflict({ detail: "There is a rule of this id; PUT replaces it" }))
          })
        )
        yield* logEdit(request, `Rule ${id}`, "created")
        return tagged(ruleJson(saved))
      }),
      get: Effect.fnUntraced(function* ({ params: { id } }) {
        const found = yield* groupCommit.read(rules.get(id)).pipe(Effect.mapError(storeProblem))
        return found === undefined ? yield* noSuch() : tagged(ruleJson(found))
      }),
      preview: Effect.fnUntraced(function* ({ payload }) {
        const id = payload.id ?? AlertRuleId.make(yield* random.uuidV7())
        const items = yield* edits
          .previewRule(rule(payload, id))
          .pipe(Effect.catchTags({ ...invalidProblem, StoreUnavailable: (error) => Effect.fail(storeProblem(error)) }))
        const sum = (of: "raise" | "clear") => items.reduce((sum, item) => sum + item[of], 0)
        return { raise: sum("raise"), clear: sum("clear"), integrations: items }
      }),
      matches: Effect.fnUntraced(function* ({ payload: { match } }) {
        const since = (yield* Clock.currentTimeMillis) - Duration.toMillis(Duration.days(1))
        const { more, ...found } = yield* Effect.mapError(groupCommit.read(search.matching(match, since)), storeProblem)
        return { ...found, ...(more && { more }) }
      }),
      replace: Effect.fnUntraced(function* ({ headers, params: { id }, payload, request }) {
        if (payload.id !== undefined && payload.id !== id) {
          return yield* toInvalidRequest(invalid("/id", "the id of the path, or none"))
        }
        const { isNew, ...saved } = yield* edits
          .saveRule(rule(payload, id), expectedOfReplace(headers))
          .pipe(Effect.catchTags({ ...replaceProblems, ...invalidProblem, IdInUse: Effect.die }))
        yield* logEdit(request, `Rule ${id}`, isNew ? "created" : "replaced")
        yield* created(isNew)
        return tagged(ruleJson(saved))
      }),
      remove: Effect.fnUntraced(function* ({ headers, params: { id }, request }) {
        yield* edits.removeRule(id, expected(headers)).pipe(Effect.catchTags(editProblems(noSuch)))
        yield* logEdit(request, `Rule ${id}`, "removed")
      })
    })
  })
)

const rule = (payload: typeof AlertRulePayload.Type, id: AlertRuleId): AlertRule => {
  const { enabled = true, integrations, match, name, notifyOnClear = false } = payload
  return { id, name, enabled, match, integrations, notifyOnClear }
}

const ruleJson = ({ createdAt, rule, updatedAt }: StoredRule): typeof RuleJson.Type => ({
  ...rule,
  createdAt: DateTime.makeUnsafe(createdAt),
  updatedAt: DateTime.makeUnsafe(updatedAt)
})

const noSuch = () => notFound("rule", "/v1/rules")
