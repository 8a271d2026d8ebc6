/** Runs a script, and says what is wrong afterwards. */
import { type Delivery, History, Lanes } from "@tocsin/delivery"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { createHash } from "node:crypto"
import { Acts } from "./Acts.ts"
import { Dice } from "./Dice.ts"
import { Gateway } from "./Gateway.ts"
import { type Evidence, type Held, violations } from "./invariants.ts"
import { type Action, type Script, storm } from "./Script.ts"
import { Services } from "./Services.ts"
import { storedAlerts } from "./storedAlerts.ts"
import { VirtualClock } from "./VirtualClock.ts"

/** What came of a run: what is wrong, and a hash of all that was sent, stored and logged. */
export interface Result {
  readonly violations: ReadonlyArray<string>
  readonly trace: string
}

/** When all is well again nothing waits longer than this, in milliseconds, but for a clock that was set back. */
const patience = 4 * 3_600_000

export const run = (seed: number, script: Script): Effect.Effect<Result> =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Run(seed)),
    (run) => run.all(script),
    (run) => run.gateway.end
  )

class Run {
  readonly #clock = new VirtualClock()
  readonly #services = new Services(this.#clock)
  readonly #log: Array<string> = []
  readonly #clockSteps: Array<{ readonly at: number; readonly milliseconds: number }> = []
  readonly gateway: Gateway
  readonly #acts: Acts

  constructor(seed: number) {
    this.gateway = new Gateway({
      clock: this.#clock,
      dice: new Dice(`run ${seed}`),
      channels: this.#services.channels,
      log: (line) => this.#log.push(line)
    })
    this.#acts = new Acts(this.gateway, this.#clock)
  }

  readonly all = Effect.fnUntraced({ self: this }, function* (this: Run, script: Script) {
    yield* this.gateway.start
    for (const { action, after } of script) {
      yield* this.gateway.pass(after)
      yield* this.#act(action)
    }
    yield* this.gateway.spare
    this.#services.heal()
    const rests = (yield* this.#rest()) ? [] : ["the engine does not come to rest"]
    const broken = violations(yield* this.#evidence())
    const stuck = yield* this.#stuck()
    const stored = JSON.stringify([yield* this.#tables(), this.#log, this.#services.calls])
    return {
      violations: [...this.#acts.wrong, ...this.gateway.wrong, ...rests, ...broken, ...stuck],
      trace: createHash("sha256").update(stored).digest("hex")
    }
  })

  #act(action: Action): Effect.Effect<void> {
    switch (action._tag) {
      case "Events":
        return this.#acts.events(action.calls)
      case "Storm":
        return this.#acts.events([storm(action)])
      case "CloseByHand":
        return this.#acts.closeByHand(action)
      case "SaveRule":
        return this.#acts.saveRule(action.rule)
      case "RemoveRule":
        return this.#acts.removeRule(action.id)
      case "SaveIntegration":
        return this.#acts.saveIntegration(action.integration)
      case "RemoveIntegration":
        return this.#acts.removeIntegration(action.id, action.force)
      case "TestSend":
        return this.#acts.testSend(action.integration)
      case "RedeliverOne":
        return Effect.flatMap(this.#deliveries(), (deliveries) =>
          this.#acts.redeliverOne(deliveries.at(-1 - (action.nth % Math.max(1, deliveries.length))))
        )
      case "Redeliver":
        return Effect.asVoid(this.#acts.redeliver)
      case "Service":
        return Effect.sync(() => this.#services.obey(action))
      case "Crash":
        return Effect.sync(() => this.gateway.dieAfter(action))
      case "Restart":
        return this.gateway.restart(action.pause)
      case "SetClock":
        return Effect.sync(() => {
          this.#clock.step(action.milliseconds)
          this.#clockSteps.push({ at: this.#clock.elapsed, milliseconds: action.milliseconds })
        })
    }
  }

  /** Advances time until no delivery is pending, except at disabled integrations. */
  #rest() {
    return Effect.gen({ self: this }, function* () {
      const setBack = this.#clockSteps.reduce((sum, { milliseconds }) => sum + Math.max(0, -milliseconds), 0)
      const end = this.#clock.elapsed + patience + setBack
      while (this.#clock.elapsed < end) {
        yield* this.gateway.pass(20_000)
        const open = yield* this.#deliveries("open")
        const { integrations } = this.#acts.models.conversations
        if (open.every(({ integration }) => integrations.get(integration)?.enabled === false)) return true
      }
      return false
    })
  }

  #evidence() {
    return Effect.gen({ self: this }, function* () {
      const alerts = yield* this.gateway.read(storedAlerts({}))
      const conversations = yield* this.gateway.read(
        History.use((history) =>
          Effect.forEach(alerts, ({ id }) => Effect.map(history.conversations(id), (of) => [id, of] as const))
        )
      )
      const evidence: Evidence = {
        alerts,
        held: yield* this.#held(),
        conversations: new Map(conversations),
        deliveries: yield* this.#deliveries(),
        calls: this.#services.calls,
        pauses: this.#services.pauses,
        starts: this.gateway.starts,
        steps: this.#clockSteps,
        log: this.#log,
        stored: JSON.stringify(yield* this.#tables()),
        model: this.#acts.models
      }
      return evidence
    })
  }

  /** Whether every lane still works: one more alert, for all that are enabled. */
  #stuck() {
    return Effect.gen({ self: this }, function* () {
      const { integrations } = this.#acts.models.conversations
      const lanes = yield* this.gateway.read(Lanes.use(({ size }) => size))
      const enabled = [...integrations.values()].filter((one) => one.enabled).map(({ id }) => id)
      // Until then a lane that was broken, or asked to wait, may leave the next delivery to its fallback (D3, D4).
      yield* this.gateway.pass(901_000)
      const before = this.#services.calls.length
      const { elapsed } = this.#clock
      yield* this.#acts.saveRule({
        id: "last",
        enabled: true,
        source: "last",
        integrations: enabled,
        notifyOnClear: true
      })
      const event = { source: "last", sourceId: "last", severity: "info", team: "net", summary: "last" } as const
      yield* this.#acts.events([[{ ...event, state: "raised", startedAt: elapsed, reusesId: true }]])
      yield* this.#rest()
      const told = this.#services.calls.slice(before).filter(({ claimed }) => claimed)
      return [
        ...(lanes === integrations.size ? [] : [`${lanes} lanes serve ${integrations.size} integrations`]),
        ...enabled.flatMap((id) => (told.some((call) => call.integration === id) ? [] : [`the lane of ${id} is stuck`]))
      ]
    })
  }

  #deliveries(status?: "open"): Effect.Effect<ReadonlyArray<Delivery>> {
    const list = History.use(({ list }) => list({ status: status === undefined ? [] : [status], limit: 100_000 }))
    return Effect.map(this.gateway.read(list), ({ items, total }) => {
      if (total !== items.length) this.gateway.wrong.push(`A: ${items.length} deliveries are counted as ${total}`)
      return items.toReversed()
    })
  }

  #held() {
    return this.gateway.read(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        return yield* sql<Held>`SELECT alert_id AS alert, integration_id AS integration, state, holders FROM conversations`
      })
    )
  }

  #tables() {
    return this.gateway.read(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        // The migrations' own table holds the time of day.
        const tables = yield* sql<{ name: string }>`SELECT name FROM sqlite_master
          WHERE type = 'table' AND name <> 'migrations' ORDER BY name`
        return yield* Effect.forEach(tables, ({ name }) =>
          Effect.map(sql`SELECT * FROM ${sql(name)}`, (rows) => [name, rows] as const)
        )
      })
    )
  }
}
