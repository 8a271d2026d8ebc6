import { assert, describe, it } from "@effect/vitest"
import { type Alert, AlertId, type AlertRule, matches, Match } from "@tocsin/core"
import { DateTime, Schema } from "effect"
import { ruleIndex } from "../../src/domain/ruleIndex.ts"
import { ruleId } from "../harness/engine.ts"

const few = Schema.Literals(["a", "b", "a*", "*", "ab", ""])
const Words = Schema.Union([few, Schema.Array(few).check(Schema.isMaxLength(3))])
const Labels = Schema.Struct({ x: Schema.optionalKey(Words), y: Schema.optionalKey(Words) })
const Matches = Schema.Array(
  Schema.Struct({
    source: Schema.optionalKey(Words),
    rule: Schema.optionalKey(Words),
    test: Schema.optionalKey(Words),
    labels: Schema.optionalKey(Labels),
    enabled: Schema.Boolean
  })
).check(Schema.isMaxLength(12))
const Said = Schema.Struct({
  source: few,
  name: few,
  id: few,
  test: Schema.optionalKey(few),
  x: few,
  y: Schema.optionalKey(few)
})

const decodeMatch = Schema.decodeUnknownSync(Match)

const alertThat = ({ id, name, source, test, x, y }: typeof Said.Type): Alert => ({
  id: AlertId.make("01970000-0000-7000-8000-000000000000"),
  source,
  sourceId: "1",
  episode: 1,
  state: "raised",
  severity: "major",
  startedAt: DateTime.makeUnsafe(0),
  rule: { name, id },
  ...(test !== undefined && { test: { name: test } }),
  labels: { x, ...(y !== undefined && { y }) },
  observations: [],
  observationsOmitted: 0,
  links: {}
})

describe("ruleIndex", () => {
  it.prop("finds, in their order, all rules that match", [Matches, Said], ([all, said]) => {
    const alert = alertThat(said)
    const rules = all.map(({ enabled, ...match }, n): AlertRule => ({
      id: ruleId(`r${n}`),
      name: `r${n}`,
      enabled,
      match: decodeMatch(match),
      integrations: [],
      notifyOnClear: false
    }))
    const matching = (of: ReadonlyArray<AlertRule>) =>
      of.filter(({ enabled, match }) => enabled && matches(match, alert)).map(({ id }) => id)
    assert.deepStrictEqual(matching(ruleIndex(rules)(alert)), matching(rules))
  })

  it("evaluates no rule that requires another word", () => {
    const rules = Array.from({ length: 100 }, (_, n): AlertRule => ({
      id: ruleId(`r${n}`),
      name: `r${n}`,
      enabled: true,
      match: { source: "s", labels: { x: `team-${n}` } },
      integrations: [],
      notifyOnClear: false
    }))
    const found = ruleIndex(rules)(alertThat({ source: "a", name: "a", id: "b", x: "ab" }))
    assert.deepStrictEqual(found, [])
    const own = ruleIndex(rules)({ ...alertThat({ source: "a", name: "a", id: "b", x: "a" }), labels: { x: "team-7" } })
    assert.deepStrictEqual(
      own.map(({ id }) => id),
      [ruleId("r7")]
    )
  })
})
