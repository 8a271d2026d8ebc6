import { assert, describe, it } from "@effect/vitest"
import { AlertId, IntegrationId, Message } from "@tocsin/core"
import { samples } from "@tocsin/core/testing"
import { composeNotification } from "../../src/domain/composeNotification.ts"
import type { StoredConversation } from "../../src/domain/conversation.ts"
import { digest } from "../../src/domain/digest.ts"

const conversation: StoredConversation = {
  id: "1",
  alertId: AlertId.make("a"),
  integration: IntegrationId.make("ops"),
  state: "closed",
  matchedBy: [],
  everMatchedBy: [],
  closedBecause: "alertRuleDisabled",
  closedAt: samples.raised.startedAt.epochMilliseconds + 1000,
  lastSent: "raised",
  lastEnqueued: "cleared",
  outcomeUnknown: false,
  severitySent: "major",
  openDelivery: undefined,
  divertedTo: undefined,
  receipt: undefined
}

describe("composeNotification", () => {
  it("clears in this channel only while the alert is raised", () => {
    const notification = composeNotification("Cleared", samples.raised, conversation)
    assert.strictEqual(Message.fromNotification(notification).state, "notice")
  })

  it("clears an alert that has cleared at its source since the edit", () => {
    const notification = composeNotification("Cleared", samples.cleared, conversation)
    assert.deepStrictEqual(notification, samples.notifications.Cleared)
  })
})

describe("digest", () => {
  it("counts conversations that an edit cleared among the cleared", () => {
    const { Cleared, Raised } = samples.notifications
    const here = { ...Cleared, alert: samples.raised, because: "alertRuleRemoved" } as const
    const { cleared, clearedHere, raised } = digest([Raised, Cleared, here, here], undefined)
    assert.deepStrictEqual({ raised, cleared, clearedHere }, { raised: 1, cleared: 3, clearedHere: 2 })
    assert.notProperty(digest([Raised, Cleared], undefined), "clearedHere")
  })
})
