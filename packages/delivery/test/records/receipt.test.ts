import type { ChannelPlugin } from "@tocsin/core"
import { assert, it } from "@effect/vitest"
import { DateTime } from "effect"
import { decodeMessages, encodeMessages, withMessage } from "../../src/records/receipt.ts"

const receipt: ChannelPlugin.Receipt = {
  data: { ts: "1.2" },
  link: new URL("https://chat.example/m/1"),
  rateLimits: [{ key: "hook", remaining: 3, resetAt: DateTime.makeUnsafe("2026-01-02T03:04:05Z") }]
}

it.each([receipt, {}, { data: null }])("reads what it stored: %j", (receipt) => {
  assert.deepStrictEqual(decodeMessages(encodeMessages([{ kind: "Escalated", receipt }])), [
    { kind: "Escalated", receipt }
  ])
})

it("reads a receipt that an earlier version stored with `budgets`", () => {
  const stored = JSON.stringify(JSON.parse(encodeMessages([{ kind: "Raised", receipt }]))[0].receipt).replace(
    '"rateLimits"',
    '"budgets"'
  )
  assert.include(stored, '"budgets"')
  assert.deepStrictEqual(decodeMessages(stored), [{ kind: "Raised", receipt }])
})

it("reads the single receipt that an earlier version stored", () => {
  assert.deepStrictEqual(decodeMessages(`{"data":{"ts":"1.2"}}`), [
    { kind: "Raised", receipt: { data: { ts: "1.2" } } }
  ])
})

it("keeps the first message and the latest 19", () => {
  const message = (n: number) => ({ kind: "Escalated" as const, receipt: { data: n } })
  const kept = Array.from({ length: 25 }, (_, n) => message(n)).reduce<ReturnType<typeof withMessage>>(withMessage, [])
  assert.deepStrictEqual(
    kept.map(({ receipt }) => receipt.data),
    [0, ...Array.from({ length: 19 }, (_, n) => n + 6)]
  )
})
