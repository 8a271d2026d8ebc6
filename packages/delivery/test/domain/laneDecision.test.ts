import { assert, describe, it } from "@effect/vitest"
import type { DueDelivery } from "../../src/domain/attempt.ts"
import { healthy } from "../../src/domain/circuitBreaker.ts"
import { type BacklogFacts, decide, type Decision, freeSlots, type LaneFacts } from "../../src/domain/laneDecision.ts"

const now = 1_000_000
const due = (id: string, isTest = false): DueDelivery => ({ id, lockKeys: [id], isTest })
const [a, b, c, test] = [due("a"), due("b"), due("c"), due("t", true)]

const blocked = (why: "limited" | "unavailable" | "broken", until: number) => ({
  ...healthy,
  isProbing: true,
  blocked: { why, since: now - 1000, until }
})

const facts = (changes: Partial<LaneFacts> = {}): LaneFacts => ({
  now,
  isOwned: true,
  integration: "enabled",
  health: healthy,
  canVerify: false,
  inFlight: 0,
  fallbackAfter: 300,
  ...changes
})

const backlog = (changes: Partial<BacklogFacts> = {}): BacklogFacts => ({
  due: [a, b, c],
  isStorm: false,
  rateLimit: { wait: 0, available: 10 },
  ...changes
})

const wait = (until: number, diverts = false): Decision => ({ _tag: "Wait", until, diverts })

interface Case {
  readonly name: string
  readonly facts?: Partial<LaneFacts>
  readonly backlog?: Partial<BacklogFacts>
  readonly decision: Decision
}

const cases: ReadonlyArray<Case> = [
  { name: "sends all that is due", decision: { _tag: "Claim", deliveries: [a, b, c] } },
  {
    name: "sends as many as the rate limit allows (B1)",
    backlog: { rateLimit: { wait: 0, available: 2 } },
    decision: { _tag: "Claim", deliveries: [a, b] }
  },
  { name: "waits for its rate limit", backlog: { rateLimit: { wait: 500, available: 1 } }, decision: wait(now + 500) },
  {
    name: "waits for its rate limit no longer than until something else is due (D5)",
    backlog: { due: [{ ...a, isReply: true }], dueAt: now + 7, rateLimit: { wait: 500, available: 1 } },
    decision: wait(now + 7)
  },
  { name: "polls while nothing is due", backlog: { due: [] }, decision: wait(now + 60_000) },
  { name: "waits until the next is due", backlog: { due: [], dueAt: now + 7 }, decision: wait(now + 7) },
  { name: "polls while 64 are in flight (D1)", facts: { inFlight: 64 }, decision: wait(now + 60_000) },
  { name: "waits while another gateway may own it (M2)", facts: { isOwned: false }, decision: wait(now + 250) },
  { name: "sends nothing while it is disabled (O8)", facts: { integration: "disabled" }, decision: wait(now + 60_000) },
  {
    name: "sends nothing while its settings are unknown",
    facts: { integration: "unknown" },
    decision: wait(now + 60_000)
  },
  {
    name: "waits while the service asks for it (D3)",
    facts: { health: blocked("limited", now + 5000) },
    decision: wait(now + 5000)
  },
  {
    name: "diverts while it is broken (D4)",
    facts: { health: blocked("broken", now + 5000) },
    decision: wait(now + 5000, true)
  },
  {
    name: "diverts nothing while it is disabled",
    facts: { health: blocked("broken", now + 5000), integration: "disabled" },
    decision: wait(now + 5000)
  },
  {
    name: "asks a broken service that can be asked (D3)",
    facts: { health: blocked("broken", now), canVerify: true },
    decision: { _tag: "Probe" }
  },
  {
    name: "sends to a broken service that cannot be asked",
    facts: { health: blocked("broken", now) },
    decision: { _tag: "Claim", deliveries: [a, b, c] }
  },
  {
    name: "has one probe in flight",
    facts: { health: { ...healthy, isProbing: true }, inFlight: 1 },
    decision: wait(now + 60_000)
  },
  {
    name: "sends a storm as a digest (D5)",
    backlog: { isStorm: true },
    decision: { _tag: "Digest", otherwise: [a, b, c] }
  },
  {
    name: "sends a critical raise before a digest (D5)",
    backlog: { isStorm: true, critical: b },
    decision: { _tag: "Claim", deliveries: [b] }
  },
  {
    name: "sends a test before all else (D6)",
    backlog: { due: [test, a], isStorm: true },
    decision: { _tag: "Claim", deliveries: [test] }
  },
  {
    name: "sends a test while it is disabled and broken (D6)",
    facts: { health: blocked("broken", now + 5000), integration: "disabled" },
    backlog: { due: [test] },
    decision: { _tag: "Claim", deliveries: [test] }
  },
  {
    name: "waits for its rate limit with a test, too",
    backlog: { due: [test], rateLimit: { wait: 500, available: 1 } },
    decision: wait(now + 500)
  }
]

describe("A lane", () => {
  it.each(cases)("$name", ({ backlog: waiting, decision, facts: known }) => {
    assert.deepStrictEqual(decide(facts(known), backlog(waiting)), decision)
  })

  it.each([
    [{}, 64],
    [{ inFlight: 60 }, 4],
    [{ inFlight: 70 }, 0],
    [{ isOwned: false }, 0],
    [{ integration: "disabled" }, 0],
    [{ health: blocked("limited", now + 1) }, 0],
    [{ health: blocked("limited", now) }, 1],
    [{ health: blocked("broken", now), canVerify: true }, 0]
  ] satisfies ReadonlyArray<[Partial<LaneFacts>, number]>)("has free slots with %j: %i", (known, slots) => {
    assert.strictEqual(freeSlots(facts(known)), slots)
  })
})
