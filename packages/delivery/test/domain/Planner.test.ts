import { assert, describe, it } from "@effect/vitest"
import { type AlertRule, matches, Severity, severityRank } from "@tocsin/core"
import { Planner } from "@tocsin/delivery"
import { Effect, Schema } from "effect"
import { integrationId, rule, ruleId } from "../harness/engine.ts"
import { type Conversation, isRule } from "../../src/domain/conversation.ts"
import { PlannerModel } from "./PlannerModel.ts"

/** A world with the rules `r1` (of `ops`) and whatever else is given. */
const withRules = (...rules: ReadonlyArray<AlertRule>) => {
  const model = new PlannerModel(["ops", "dev"])
  for (const rule of rules) model.save(rule)
  return model
}

const told = (model: PlannerModel) => model.history.filter((line) => !line.includes("superseded"))

const conversation = (model: PlannerModel, index = 0) => {
  const found = model.all[index]?.conversation
  if (found === undefined) throw new Error("There is no conversation")
  return found
}

describe("Planner", () => {
  describe("O1: a conversation opens with the first rule that matches", () => {
    it("gets one raise however many rules match, and records all of them", () => {
      const model = withRules(rule("r1"), rule("r2"), rule("r3", { to: ["ops", "ops"] }))
      model.raise("a")
      assert.deepStrictEqual(model.history, ["ops: Raised pending"])
      assert.deepStrictEqual(conversation(model).matchedBy, [ruleId("r1"), ruleId("r2"), ruleId("r3")])
    })

    it("opens one for each integration of the matching rules, and no other", () => {
      const model = withRules(rule("r1", { to: ["ops", "dev"] }))
      model.raise("a")
      assert.deepStrictEqual(model.history, ["ops: Raised pending", "dev: Raised pending"])
    })

    it("does not open for a rule that is disabled or does not match", () => {
      const model = withRules(rule("r1", { enabled: false }), rule("r2", { match: { severity: "critical" } }))
      model.raise("a", { severity: "major" })
      assert.deepStrictEqual(model.all, [])
    })

    it("remembers a rule that matched earlier", () => {
      const model = withRules(rule("r1"), rule("r2"))
      model.raise("a")
      model.remove("r1")
      assert.deepStrictEqual(conversation(model).matchedBy, [ruleId("r2")])
      assert.deepStrictEqual(conversation(model).everMatchedBy, [ruleId("r1"), ruleId("r2")])
    })
  })

  describe("I9: an alert expires, and nobody is notified", () => {
    const open: Conversation = {
      integration: integrationId("ops"),
      state: "open",
      matchedBy: [ruleId("r1")],
      everMatchedBy: [ruleId("r1")],
      closedBecause: undefined,
      lastSent: undefined,
      lastEnqueued: "raised",
      severitySent: undefined,
      outcomeUnknown: false,
      divertedTo: undefined,
      openDelivery: undefined
    }
    const closed = { ...open, state: "closed", matchedBy: [], closedBecause: "expired" } as const
    const expire = (conversation: Conversation) => Planner.onExpiry({ conversations: [conversation] })

    it("leaves a closed conversation with its pending clear", () => {
      assert.deepStrictEqual(expire({ ...closed, closedBecause: "alertRuleChanged" }), [])
    })

    it("leaves a delivery in flight to the end of its attempt", () => {
      const openDelivery = { id: "1", kind: "Raised", status: "sending" } as const
      assert.deepStrictEqual(expire({ ...open, openDelivery }), [{ conversation: { ...closed, openDelivery } }])
    })

    it("records that neither the pending raise nor the clear is sent", () => {
      const over = { ...closed, lastEnqueued: "cleared" as const }
      const openDelivery = { id: "1", kind: "Raised", status: "retrying" } as const
      assert.deepStrictEqual(expire({ ...open, openDelivery }), [{ conversation: over, supersede: "expired" }])
      const told = { lastSent: "raised" as const }
      assert.deepStrictEqual(expire({ ...open, ...told }), [
        { conversation: { ...over, ...told }, enqueue: { kind: "Cleared", superseded: "expired" } }
      ])
    })
  })

  describe("O2: it closes with the alert, or when no rule matches any more", () => {
    for (const because of ["conditionsNoLongerMet", "sourceRuleChanged", "expired", "byHand"] as const) {
      it(`closes with the alert: ${because}`, () => {
        const model = withRules(rule("r1"))
        model.raise("a")
        model.deliver()
        model.clear("a", because)
        model.deliver()
        assert.deepStrictEqual(model.history, ["ops: Raised delivered", "ops: Cleared delivered"])
        assert.strictEqual(conversation(model).closedBecause, because)
      })
    }

    const edits: ReadonlyArray<readonly [string, (model: PlannerModel) => void]> = [
      ["alertRuleChanged", (model) => model.edit("r1", { match: { severity: "critical" } })],
      ["alertRuleDisabled", (model) => model.edit("r1", { enabled: false })],
      ["alertRuleRemoved", (model) => model.remove("r1")],
      ["integrationRemoved", (model) => model.edit("r1", { integrations: [integrationId("dev")] })]
    ]
    for (const [because, edit] of edits) {
      it(`closes with its last matching rule: ${because}`, () => {
        const model = withRules(rule("r1"))
        model.raise("a")
        model.deliver()
        edit(model)
        assert.include(model.history, "ops: Cleared pending")
        assert.strictEqual(conversation(model).closedBecause, because)
      })

      it(`stays open while another rule matches: ${because}`, () => {
        const model = withRules(rule("r1"), rule("r2"))
        model.raise("a")
        model.deliver()
        edit(model)
        assert.strictEqual(conversation(model).state, "open")
        assert.isFalse(model.history.some((line) => line.startsWith("ops: Cleared")))
      })
    }

    it("sends no clear if no rule that ever matched has notifyOnClear", () => {
      const model = withRules(rule("r1", { notifyOnClear: false }))
      model.raise("a")
      model.deliver()
      model.clear("a")
      assert.deepStrictEqual(model.history, ["ops: Raised delivered"])
    })

    it("sends a clear if a removed rule that once matched had notifyOnClear", () => {
      const model = withRules(rule("r1"), rule("r2", { notifyOnClear: false }))
      model.raise("a")
      model.deliver()
      model.remove("r1")
      model.clear("a")
      assert.strictEqual(model.history[1], "ops: Cleared pending")
    })

    it("applies notifyOnClear as it is saved when it closes", () => {
      const model = withRules(rule("r1", { notifyOnClear: false }))
      model.raise("a")
      model.deliver()
      model.edit("r1", { notifyOnClear: true })
      model.clear("a")
      assert.strictEqual(model.history[1], "ops: Cleared pending")
    })
  })

  describe("O3: the raise is pending when it closes", () => {
    for (const notifyOnClear of [true, false]) {
      it(`sends one message for raise and clear after the alert's clear (notifyOnClear ${notifyOnClear})`, () => {
        const model = withRules(rule("r1", { notifyOnClear }))
        model.raise("a")
        model.clear("a")
        model.deliver()
        assert.deepStrictEqual(model.history, ["ops: RaisedAndCleared delivered"])
      })
    }

    it("sends nothing after an operator's edit", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.edit("r1", { enabled: false })
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: Raised superseded: by the edit"])
    })

    it("sends nothing if the alert clears after that edit", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.edit("r1", { enabled: false })
      model.clear("a")
      model.deliver()
      assert.deepStrictEqual(told(model), [])
    })

    it("treats a raise that is retrying as pending", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.attempt("ops", "failed")
      model.clear("a")
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: RaisedAndCleared delivered"])
    })

    it("sends the clear separately if the raise is in flight and arrives", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.take("ops")
      model.clear("a")
      assert.deepStrictEqual(model.history, ["ops: Raised sending"])
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: Raised delivered", "ops: Cleared delivered"])
    })

    it("sends one message if the raise is in flight and does not arrive", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.take("ops")
      model.clear("a")
      model.end("ops", "failed")
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: RaisedAndCleared delivered"])
    })

    it("sends nothing if the raise is in flight, does not arrive, and an edit closed the conversation meanwhile", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.take("ops")
      model.remove("r1")
      model.end("ops", "failed")
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: Raised superseded: by the edit"])
    })

    it("sends the clear after an edit if the outcome of the raise is unknown", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.attempt("ops", "unanswered")
      model.remove("r1")
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: Raised superseded: by the edit", "ops: Cleared delivered"])
    })

    it("supersedes the clear of a dead raise", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.attempt("ops", "dead")
      model.clear("a")
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: Raised dead", "ops: Cleared superseded: raise never told"])
    })

    it("sends the clear of a dead raise whose outcome is unknown", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.attempt("ops", "unanswered")
      model.attempt("ops", "dead")
      model.clear("a")
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: Raised dead", "ops: Cleared delivered"])
    })

    it("sends the clear when a combined message is dead after an attempt with unknown outcome", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.attempt("ops", "unanswered")
      model.clear("a")
      model.attempt("ops", "dead")
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: RaisedAndCleared dead", "ops: Cleared delivered"])
    })
  })

  describe("O4: changing notifyOnClear alone sends nothing", () => {
    it("neither while the alert is open nor after it has cleared", () => {
      const model = withRules(rule("r1", { notifyOnClear: false }))
      model.raise("a")
      model.deliver()
      model.edit("r1", { notifyOnClear: true })
      model.edit("r1", { notifyOnClear: false })
      model.clear("a")
      model.edit("r1", { notifyOnClear: true })
      model.raise("b")
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: Raised delivered", "ops: Raised delivered"])
    })
  })

  describe("O5: an edit that makes open alerts match opens conversations", () => {
    it("when a rule is created", () => {
      const model = withRules()
      model.raise("a")
      model.raise("b")
      model.clear("b")
      model.save(rule("r1"))
      assert.deepStrictEqual(model.history, ["ops: Raised pending"])
    })

    it("when its match grows, it is enabled, or it names another integration", () => {
      const model = withRules(
        rule("r1", { match: { severity: "critical" } }),
        rule("r2", { enabled: false, to: ["dev"] })
      )
      model.raise("a")
      model.edit("r1", { match: {} })
      assert.deepStrictEqual(model.history, ["ops: Raised pending"])
      model.edit("r2", { enabled: true })
      assert.deepStrictEqual(model.history, ["ops: Raised pending", "dev: Raised pending"])
      const other = withRules(rule("r1"))
      other.raise("a")
      other.edit("r1", { integrations: [integrationId("ops"), integrationId("dev")] })
      assert.deepStrictEqual(other.history, ["ops: Raised pending", "dev: Raised pending"])
    })
  })

  describe("O8: nothing new opens at a disabled integration", () => {
    it("opens what matches when it is enabled", () => {
      const model = withRules(rule("r1"))
      model.enable("ops", false)
      model.raise("a")
      model.raise("gone")
      model.clear("gone")
      assert.deepStrictEqual(model.history, [])
      model.enable("ops", true)
      assert.deepStrictEqual(model.history, ["ops: Raised pending"])
    })

    it("sends the clear of a raise that was sent before", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.deliver()
      model.enable("ops", false)
      model.clear("a")
      assert.deepStrictEqual(model.history, ["ops: Raised delivered", "ops: Cleared pending"])
    })
  })

  describe("O9: a conversation that closed and opens again", () => {
    it("raises again if the last message was a clear", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.deliver()
      model.edit("r1", { enabled: false })
      model.deliver()
      model.edit("r1", { enabled: true })
      model.deliver()
      assert.deepStrictEqual(model.history, [
        "ops: Raised delivered",
        "ops: Cleared delivered",
        "ops: Raised delivered"
      ])
    })

    it("sends nothing if the clear was never sent", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.deliver()
      model.edit("r1", { enabled: false })
      model.edit("r1", { enabled: true })
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: Raised delivered", "ops: Cleared superseded: matched again"])
    })

    it("continues without a message if no clear was due", () => {
      const model = withRules(rule("r1", { notifyOnClear: false }))
      model.raise("a")
      model.deliver()
      model.edit("r1", { enabled: false })
      model.edit("r1", { enabled: true })
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: Raised delivered"])
    })

    it("escalates if the severity rose meanwhile", () => {
      const model = withRules(rule("r1", { notifyOnClear: false }))
      model.raise("a", { severity: "minor" })
      model.deliver()
      model.edit("r1", { enabled: false })
      model.raise("a", { severity: "critical" })
      assert.strictEqual(model.history.length, 1)
      model.edit("r1", { enabled: true })
      assert.deepStrictEqual(model.history, ["ops: Raised delivered", "ops: Escalated pending"])
    })

    it("raises again if the outcome of the clear is unknown", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.deliver()
      model.edit("r1", { enabled: false })
      model.attempt("ops", "unanswered")
      model.edit("r1", { enabled: true })
      model.deliver()
      assert.deepStrictEqual(model.history, [
        "ops: Raised delivered",
        "ops: Cleared superseded: matched again",
        "ops: Raised delivered"
      ])
    })

    it("raises again if the outcome of a clear is unknown, also after more edits back and forth", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.deliver()
      model.edit("r1", { enabled: false })
      model.attempt("ops", "unanswered")
      for (const enabled of [true, false, true]) model.edit("r1", { enabled })
      model.deliver()
      assert.deepStrictEqual(told(model), ["ops: Raised delivered", "ops: Raised delivered"])
    })

    it("raises again if the clear is dead with unknown outcome", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.deliver()
      model.edit("r1", { enabled: false })
      model.attempt("ops", "dead unanswered")
      model.edit("r1", { enabled: true })
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: Raised delivered", "ops: Cleared dead", "ops: Raised delivered"])
    })

    it("raises again if the outcome of the raise is unknown", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.attempt("ops", "unanswered")
      model.edit("r1", { enabled: false })
      model.edit("r1", { enabled: true })
      model.deliver()
      assert.deepStrictEqual(told(model), ["ops: Raised delivered"])
    })

    it("sends a raise that was superseded by the edit", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.edit("r1", { enabled: false })
      model.edit("r1", { enabled: true })
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: Raised superseded: by the edit", "ops: Raised delivered"])
    })

    it("sends no clear of the second opening before its raise, although the outcome of the first was unknown", () => {
      const model = withRules(rule("r1"))
      model.raise("a")
      model.attempt("ops", "unanswered")
      model.deliver()
      model.edit("r1", { enabled: false })
      model.deliver()
      model.edit("r1", { enabled: true })
      model.edit("r1", { enabled: false })
      model.deliver()
      assert.deepStrictEqual(told(model), ["ops: Raised delivered", "ops: Cleared delivered"])
    })
  })

  describe("I6: a raise of a raised alert", () => {
    it("sends a severity above the last one sent, and nothing else", () => {
      const model = withRules(rule("r1"))
      model.raise("a", { severity: "minor" })
      model.deliver()
      model.raise("a", { severity: "info" })
      model.raise("a", { severity: "minor", labels: { team: "x" } })
      assert.strictEqual(model.history.length, 1)
      model.raise("a", { severity: "critical" })
      model.deliver()
      model.raise("a", { severity: "minor" })
      model.raise("a", { severity: "critical" })
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: Raised delivered", "ops: Escalated delivered"])
    })

    it("opens what newly matches and closes nothing that no longer does", () => {
      const model = withRules(
        rule("r1", { match: { severity: "critical" } }),
        rule("r2", { to: ["dev"], match: { labels: { team: "x" } } })
      )
      model.raise("a", { severity: "critical" })
      model.raise("a", { severity: "minor", labels: { team: "x" } })
      model.raise("a", { severity: "minor" })
      assert.deepStrictEqual(
        model.all.map(({ conversation }) => conversation.state),
        ["open", "open"]
      )
      assert.deepStrictEqual(model.history, ["ops: Raised pending", "dev: Raised pending"])
    })

    it("keeps a conversation that a more severe alert opened when something else is edited", () => {
      const model = withRules(rule("r1", { match: { severity: "critical" } }))
      model.raise("a", { severity: "critical" })
      model.raise("a", { severity: "minor" })
      model.edit("r1", { name: "another name", notifyOnClear: false })
      assert.strictEqual(conversation(model).state, "open")
    })

    it("recognises a match in whatever order its fields are written", () => {
      const labels = { channel: "1", team: "x" }
      const model = withRules(rule("r1", { match: { severity: "critical", labels } }))
      model.raise("a", { severity: "critical", labels })
      model.raise("a", { severity: "minor", labels })
      model.edit("r1", { match: { labels: { team: "x", channel: "1" }, severity: "critical" }, notifyOnClear: false })
      assert.strictEqual(conversation(model).state, "open")
    })

    it("sends the severity that a raise in flight did not have", () => {
      const model = withRules(rule("r1"))
      model.raise("a", { severity: "minor" })
      model.take("ops")
      model.raise("a", { severity: "critical" })
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: Raised delivered", "ops: Escalated delivered"])
    })

    it("sends a pending raise with the current severity, once", () => {
      const model = withRules(rule("r1"))
      model.raise("a", { severity: "minor" })
      model.raise("a", { severity: "critical" })
      model.deliver()
      assert.deepStrictEqual(model.history, ["ops: Raised delivered"])
      assert.strictEqual(conversation(model).severitySent, "critical")
    })

    it("supersedes a pending escalation when the alert clears", () => {
      const model = withRules(rule("r1"))
      model.raise("a", { severity: "minor" })
      model.deliver()
      model.raise("a", { severity: "critical" })
      model.clear("a")
      model.deliver()
      assert.deepStrictEqual(model.history, [
        "ops: Raised delivered",
        "ops: Escalated superseded: cleared",
        "ops: Cleared delivered"
      ])
    })
  })

  describe("for any sequence of events and edits", () => {
    const keepsItsPromises = (operations: ReadonlyArray<typeof Operation.Type>, notify: Notify) =>
      Effect.sync(() => {
        const model = new PlannerModel(integrations)
        const named = new Set<string>()
        for (const operation of operations) {
          run(model, operation, notify)
          for (const { integrations } of model.rules.values()) integrations.forEach((id) => named.add(id))
          checkAlways(model, named)
        }
        for (const integration of integrations) model.enable(integration, true)
        model.deliver()
        checkAlways(model, named)
        checkAtRest(model, notify)
      })

    for (const notify of ["all", "none", "any"] as const) {
      it.effect.prop(
        `keeps its promises (${notify} of the rules notify on clear)`,
        [Schema.Array(Operation)],
        ([operations]) => keepsItsPromises(operations, notify),
        { arbitrary: { runs: 1000, size: 60 } }
      )

      // Where everything hits the same conversation, rare orders of events are common.
      it.effect.prop(
        `keeps them with one alert, one rule and one channel (${notify})`,
        [Schema.Array(OperationOnOne)],
        ([operations]) => keepsItsPromises([onlyRule, ...operations], notify),
        { arbitrary: { runs: 2000, size: 20 } }
      )
    }
  })
})

type Notify = "all" | "none" | "any"

const integrations = ["ops", "dev"]

const Key = Schema.Literals(["a", "b"])
const Where = Schema.Literals(["ops", "dev"])
const Rule = Schema.Literals(["r1", "r2"])
const How = Schema.Literals(["delivered", "delivered", "failed", "unanswered", "dead", "dead unanswered"])

const Operation = Schema.Union([
  Schema.TaggedStruct("Raise", { key: Key, severity: Severity, team: Schema.Literals(["x", "y"]) }),
  Schema.TaggedStruct("Clear", { key: Key, because: Schema.Literals(["conditionsNoLongerMet", "byHand"]) }),
  Schema.TaggedStruct("Save", {
    rule: Rule,
    enabled: Schema.Literals([true, true, false]),
    notify: Schema.Boolean,
    to: Schema.Literals(["ops", "dev", "ops dev", ""]),
    match: Schema.Union([
      Schema.Struct({}),
      Schema.Struct({ severity: Severity }),
      Schema.Struct({ labels: Schema.Struct({ team: Schema.Literals(["x", "y"]) }) })
    ])
  }),
  Schema.TaggedStruct("Toggle", { rule: Rule }),
  Schema.TaggedStruct("Rename", { rule: Rule, notify: Schema.Boolean }),
  Schema.TaggedStruct("Remove", { rule: Rule }),
  Schema.TaggedStruct("Enable", { where: Where, enabled: Schema.Boolean }),
  Schema.TaggedStruct("Take", { where: Where }),
  Schema.TaggedStruct("End", { where: Where, how: How }),
  Schema.TaggedStruct("Attempt", { where: Where, how: How }),
  Schema.TaggedStruct("Restart", {})
]).pipe(Schema.toTaggedUnion("_tag"))

const onlyRule: typeof Operation.Type = { _tag: "Save", rule: "r1", enabled: true, notify: true, to: "ops", match: {} }

const a = Schema.Literal("a")
const ops = Schema.Literal("ops")
const OperationOnOne = Schema.Union([
  Schema.TaggedStruct("Raise", { key: a, severity: Severity, team: Schema.Literal("x") }),
  Schema.TaggedStruct("Clear", { key: a, because: Schema.Literal("byHand") }),
  Schema.TaggedStruct("Toggle", { rule: Schema.Literal("r1") }),
  Schema.TaggedStruct("Take", { where: ops }),
  Schema.TaggedStruct("End", { where: ops, how: How }),
  Schema.TaggedStruct("Attempt", { where: ops, how: How }),
  Schema.TaggedStruct("Attempt", { where: ops, how: Schema.Literals(["delivered", "unanswered"]) }),
  Schema.TaggedStruct("Restart", {})
])

const run = (model: PlannerModel, operation: typeof Operation.Type, notify: Notify) =>
  Operation.match(operation, {
    Raise: ({ key, severity, team }) => model.raise(key, { severity, labels: { team } }),
    Clear: ({ because, key }) => model.clear(key, because),
    Save: ({ enabled, match, notify: own, rule: id, to }) =>
      void model.save(
        rule(id, {
          enabled,
          match,
          notifyOnClear: notify === "any" ? own : notify === "all",
          to: to.split(" ").filter((id) => id !== "")
        })
      ),
    Toggle: ({ rule: id }) => void model.edit(id, { enabled: model.rules.get(ruleId(id))?.enabled !== true }),
    Rename: ({ notify: own, rule: id }) => {
      const plans = model.edit(id, { name: `${own}`, ...(notify === "any" && { notifyOnClear: own }) })
      assert.isTrue(
        plans.every(({ enqueue, supersede }) => enqueue === undefined && supersede === undefined),
        "O4: a change of the name or of notifyOnClear owes nothing"
      )
    },
    Remove: ({ rule: id }) => model.remove(id),
    Enable: ({ enabled, where }) => model.enable(where, enabled),
    Take: ({ where }) => {
      // A lane has one attempt in flight, and stands still while it is disabled.
      const isBusy = model.deliveries.some(
        ({ integration, status }) => integration === integrationId(where) && status === "sending"
      )
      if (!isBusy && model.integrations.get(integrationId(where)) === true) model.take(where)
    },
    End: ({ how, where }) => model.end(where, how),
    Attempt: ({ how, where }) => {
      model.end(where, how)
      if (model.integrations.get(integrationId(where)) === true) model.attempt(where, how)
    },
    Restart: () => model.restart()
  })

const checkAlways = (model: PlannerModel, named: ReadonlySet<string>) => {
  assert.deepStrictEqual(model.replan(), [], "planning anew without a change does nothing")
  for (const { integration } of model.deliveries) {
    assert.isTrue(named.has(integration), "nothing is due at an integration that no rule ever matched")
  }
  for (const { alert, conversation } of model.all) {
    const { everMatchedBy, matchedBy, integration, state } = conversation
    assert.strictEqual(state === "open", matchedBy.length > 0, "open is what someone holds")
    assert.isTrue(state === "closed" || alert.state === "raised", "what cleared is closed")
    for (const id of matchedBy.filter(isRule)) {
      const holder = model.rules.get(id)
      assert.isTrue(holder?.enabled, "a holder is in use")
      assert.isTrue(holder?.integrations.includes(integration), "a holder leads there")
      assert.isTrue(everMatchedBy.includes(id), "who holds it is remembered")
    }
  }
  for (const alert of model.open) {
    for (const rule of model.rules.values()) {
      if (!rule.enabled || !matches(rule.match, alert)) continue
      for (const integration of rule.integrations) {
        const found = model.conversations.get(alert.id)?.get(integration)
        if (model.integrations.get(integration) !== true && found?.state !== "open") continue
        assert.isTrue(found?.matchedBy.includes(rule.id), "who matches holds")
      }
    }
  }
}

const checkAtRest = (model: PlannerModel, notify: Notify) => {
  for (const { alert, conversation } of model.all) {
    assert.isUndefined(conversation.openDelivery)
    const place = { alert: alert.id, integration: conversation.integration }
    const read = [...model.mayHaveRead(place)]
    if (notify === "none") {
      const said = model.deliveries.filter(
        ({ integration, kind, status }) =>
          integration === conversation.integration && kind === "Cleared" && status !== "superseded"
      )
      assert.deepStrictEqual(said, [], "no clear is said where nobody asked for it")
    }
    if (model.hasDead(place)) continue
    if (conversation.state === "open") {
      assert.deepStrictEqual(read, ["raised"], "what is open was told")
      assert.strictEqual(conversation.lastSent, "raised")
      assert.isAtLeast(severityRank(conversation.severitySent ?? "info"), severityRank(alert.severity))
    } else if (notify === "all") {
      assert.isFalse(read.includes("raised"), "what is over was told, or never told at all")
    }
  }
}
