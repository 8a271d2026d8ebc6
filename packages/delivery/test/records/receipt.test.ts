import type { ChannelPlugin } from "@tocsin/core"
import { assert, it } from "@effect/vitest"
import { DateTime } from "effect"
import { decodeMessages, encodeReceipt } from "../../src/records/receipt.ts"

const receipt: ChannelPlugin.Receipt = {
  data: { ts: "1.2" },
  link: new URL("https://chat.example/m/1"),
  rateLimits: [{ key: "hook", remaining: 3, resetAt: DateTime.makeUnsafe("2026-01-02T03:04:05Z") }]
}

it.each([receipt, {}, { data: null }])("reads what it stored: %j", (receipt) => {
  assert.deepStrictEqual(decodeMessages(encodeReceipt(receipt)), [{ kind: "Raised", receipt }])
})

it("reads a receipt that an earlier version stored with `budgets`", () => {
  const stored = encodeReceipt(receipt).replace('"rateLimits"', '"budgets"')
  assert.include(stored, '"budgets"')
  assert.deepStrictEqual(decodeMessages(stored), [{ kind: "Raised", receipt }])
})
