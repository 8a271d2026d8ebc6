import { assert, describe, it } from "@effect/vitest"
import { type Kind, PayloadRejected, Unavailable } from "@tocsin/core"
import type { Outcome } from "../../src/domain/attempt.ts"
import { type Conversation, unopened } from "../../src/domain/conversation.ts"
import { conversationAfter, withUnknownOutcome } from "../../src/domain/conversationAfter.ts"
import { integrationId } from "../harness/engine.ts"

const conversation: Conversation = { ...unopened(integrationId("ops")), lastEnqueued: "raised", severitySent: "minor" }

const delivered: Outcome = { _tag: "Delivered", receipt: {} }
const failed = (reason: Unavailable | PayloadRejected, isDead: boolean): Outcome => ({
  _tag: "Failed",
  reason,
  consequence: isDead ? { status: "dead" } : { status: "retrying", nextAt: 0, form: "rich" },
  breaks: false,
  requeued: [],
  overBefore: 0
})
const refused = new PayloadRejected({ detail: "HTTP 400" })
const noAnswer = new Unavailable({ detail: "No answer in time", unanswered: true })

const sent = { severitySent: "critical", outcomeUnknown: false } as const

const cases: ReadonlyArray<readonly [string, Kind, Outcome, Partial<Conversation>]> = [
  ["a delivered raise", "Raised", delivered, { ...sent, lastSent: "raised", lastEnqueued: "raised" }],
  ["a delivered escalation", "Escalated", delivered, { ...sent, lastSent: "raised", lastEnqueued: "raised" }],
  ["a delivered clear", "Cleared", delivered, { ...sent, lastSent: "cleared", lastEnqueued: "cleared" }],
  ["a raise that was over", "RaisedAndCleared", delivered, { ...sent, lastSent: "cleared", lastEnqueued: "cleared" }],
  ["a refused raise", "Raised", failed(refused, false), {}],
  ["a dead raise", "Raised", failed(refused, true), {}],
  ["a dead escalation, which is not repeated", "Escalated", failed(refused, true), { severitySent: "critical" }],
  ["an escalation that is retried", "Escalated", failed(refused, false), {}],
  ["a raise without an answer", "Raised", failed(noAnswer, false), { outcomeUnknown: true, lastEnqueued: "raised" }],
  ["a clear without an answer", "Cleared", failed(noAnswer, false), { outcomeUnknown: true, lastSent: undefined }]
]

describe("A conversation after", () => {
  it.each(cases)("%s", (_, kind, outcome, changes) => {
    assert.deepStrictEqual(conversationAfter(conversation, kind, outcome, "critical"), { ...conversation, ...changes })
  })

  it("is unchanged by an attempt of a notice or a digest", () => {
    for (const kind of ["Notice", "Digest"] as const) {
      assert.strictEqual(withUnknownOutcome(conversation, kind), conversation)
    }
  })
})
