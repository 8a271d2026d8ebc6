import { assert, describe, it } from "@effect/vitest"
import { AlertRuleId, IntegrationId } from "@tocsin/core"
import { type Delivery, shownCauses } from "@tocsin/delivery"
import { Effect } from "effect"

const configuration = {
  currentRules: Effect.succeed([{ id: AlertRuleId.make("r1"), name: "Disk, or memory" }] as never),
  integrationNames: Effect.succeed(
    new Map([
      [IntegrationId.make("ops"), "Ops channel"],
      [IntegrationId.make("backup"), "Standby: at home"]
    ])
  )
}

const id = "01a22b37-405c-746b-a8e8-f597a96470e4"

/** A delivery at `ops` with these steps, the last of which is its own. */
const withSteps = (...steps: ReadonlyArray<readonly [Delivery["status"], string]>): Delivery => {
  const transitions = steps.map(([status, cause], at) => ({ status, cause, at, attempt: undefined }))
  return { integration: "ops", transitions, ...transitions.at(-1) } as unknown as Delivery
}

describe("The causes of a delivery as they are shown", () => {
  it.effect.each([
    ["pending", "matched by rule r1", 'matched by rule "Disk, or memory"'],
    ["pending", "matched by rule r1, rule gone", 'matched by rule "Disk, or memory", rule "gone"'],
    ["pending", "matched by the fallback for ops", "matched by the fallback for Ops channel"],
    [
      "pending",
      "closed: byHand; was matched by rule r1",
      'closed: closed by hand; was matched by rule "Disk, or memory"'
    ],
    ["diverted", "to backup: ops is broken", "to Standby: at home: Ops channel is broken"],
    ["diverted", "to gone: PayloadRejected: HTTP 400", "to gone: PayloadRejected: HTTP 400"],
    ["delivered", `in ${id}`, "in another message"],
    ["superseded", "raise never told", "its raise was never delivered"],
    ["superseded", "by the edit", "by the edit"],
    ["retrying", "given back: Unavailable: HTTP 503", "requeued: Unavailable: HTTP 503"],
    [
      "diverted",
      "to backup: given back: Unavailable: HTTP 503",
      "to Standby: at home: requeued: Unavailable: HTTP 503"
    ],
    [
      "retrying",
      "Unavailable: handed back, because the gateway stopped: perhaps sent twice",
      "Unavailable: requeued, because the gateway stopped: may be duplicated"
    ],
    [
      "retrying",
      "the gateway stopped during the attempt: perhaps sent twice",
      "the gateway stopped during the attempt: may be duplicated"
    ],
    ["dead", "Unavailable: in a bad way", "Unavailable: in a bad way"]
  ] as const)("%s: %s", ([status, cause, shown]) =>
    Effect.gen(function* () {
      const show = yield* shownCauses(configuration)
      const delivery = show(withSteps([status, cause]))
      assert.strictEqual(delivery.cause, shown)
      assert.strictEqual(delivery.transitions[0]?.cause, shown)
    })
  )

  it.effect("a digest is called so, without its id", () =>
    Effect.gen(function* () {
      const show = yield* shownCauses(configuration)
      const { transitions } = show(withSteps(["folded", `into the digest ${id}`], ["delivered", `in ${id}`]))
      assert.deepStrictEqual(
        transitions.map(({ cause }) => cause),
        ["into a digest", "in a digest"]
      )
    })
  )
})
