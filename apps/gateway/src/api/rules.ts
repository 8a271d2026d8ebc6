import type { AlertRule as RuleJson, AlertRulePayload } from "@tocsin/client"
import { type AlertRule, AlertRuleId } from "@tocsin/core"
import { AlertSearch, Configuration, Edits, type StoredRule } from "@tocsin/delivery"
import { Clock, DateTime, Duration, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpApiBuilder } from "effect/http-api"
import { GatewayApi } from "./GatewayApi.ts"
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
import { logEdit } from "./logEdit.ts"
import { boundedPage, pageOf } from "./pagination.ts"
import { notFound } from "./problems.ts"

/** `/v1/rules` */
export const RuleHandlers = HttpApiBuilder.group(
  GatewayApi,
  "rules",
  Effect.fn(function* (handlers) {
    const configuration = yield* Configuration
    const search = yield* AlertSearch
    const edits = yield* Edits
    const random = yield* SecureRandom.SecureRandom

    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query: { integration, ...page } }) {
        const all = yield* configuration.rules
        const wanted = all.filter(({ rule }) => integration === undefined || rule.integrations.includes(integration))
        const found = pageOf(wanted, page)
        return boundedPage(found, found.items.map(ruleJson))
      }),
      create: Effect.fnUntraced(function* ({ payload }) {
        const id = payload.id ?? AlertRuleId.make(yield* random.uuidV7())
        const { isNew: _, ...saved } = yield* edits
          .saveRule(rule(payload, id), "absent")
          .pipe(Effect.catchTags(createProblems("a rule")))
        yield* logEdit(`Rule ${id}`, "created")
        return tagged(ruleJson(saved))
      }),
      get: Effect.fnUntraced(function* ({ params: { id } }) {
        const found = yield* configuration.rule(id)
        return found === undefined ? yield* noSuch() : tagged(ruleJson(found))
      }),
      preview: Effect.fnUntraced(function* ({ payload }) {
        const id = payload.id ?? AlertRuleId.make(yield* random.uuidV7())
        return summed(yield* edits.previewRule(rule(payload, id)).pipe(Effect.catchTags(invalidProblem)))
      }),
      matches: Effect.fnUntraced(function* ({ payload: { match } }) {
        const since = (yield* Clock.currentTimeMillis) - Duration.toMillis(Duration.days(1))
        const { more, ...found } = yield* search.matching(match, since)
        return { ...found, ...(more && { more }) }
      }),
      replace: Effect.fnUntraced(function* ({ headers, params: { id }, payload }) {
        yield* checkId(payload.id, id)
        const { isNew, ...saved } = yield* edits
          .saveRule(rule(payload, id), expectedOfReplace(headers))
          .pipe(Effect.catchTags(replaceProblems))
        yield* logEdit(`Rule ${id}`, isNew ? "created" : "replaced")
        yield* created(isNew)
        return tagged(ruleJson(saved))
      }),
      remove: Effect.fnUntraced(function* ({ headers, params: { id } }) {
        yield* edits.removeRule(id, expected(headers)).pipe(Effect.catchTags(editProblems(noSuch)))
        yield* logEdit(`Rule ${id}`, "removed")
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
