import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin, type Kind } from "@tocsin/core"
import { samples } from "@tocsin/core/testing"

const { notifications } = samples

const messages = (...kinds: ReadonlyArray<Kind>) => kinds.map((kind, n) => ({ kind, receipt: { data: n } }))

const before = messages("Raised", "Escalated", "Reminder", "Cleared")

const updated = (
  notification: Parameters<typeof ChannelPlugin.receiptsToUpdate>[0],
  messages?: ChannelPlugin.Conversation["messages"]
) =>
  ChannelPlugin.receiptsToUpdate(
    notification,
    messages === undefined ? {} : { conversation: { id: "one", messages } }
  ).map(({ data }) => data)

describe("receiptsToUpdate", () => {
  it("is every message of the conversation that says that the alert is raised, oldest first", () => {
    assert.deepStrictEqual(updated(notifications.Cleared, before), [0, 1, 2])
  })

  it("is the first and the latest three of many", () => {
    const many = messages("Raised", ...Array<Kind>(9).fill("Escalated"), "Cleared")
    assert.deepStrictEqual(updated(notifications.Cleared, many), [0, 7, 8, 9])
  })

  it("is the test that a cleared test follows", () => {
    const cleared = { ...notifications.Test, of: "Cleared" } as const
    assert.deepStrictEqual(updated(cleared, messages("Test")), [0])
    assert.deepStrictEqual(updated(notifications.Test, messages("Test")), [])
  })

  it("is nothing for what is no clear, and where nothing was delivered", () => {
    for (const notification of Object.values(notifications)) {
      if (notification._tag !== "Cleared") assert.deepStrictEqual(updated(notification, before), [])
    }
    assert.deepStrictEqual(updated(notifications.Cleared, []), [])
    assert.deepStrictEqual(updated(notifications.Cleared), [])
  })
})
