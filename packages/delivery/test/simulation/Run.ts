/** Runs a script, and says what is wrong afterwards. */
import { type Delivery, History, Lanes } from "@tocsin/delivery"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { createHash } from "node:crypto"
import { Acts } from "./Acts.ts"
import { Dice } from "./Dice.ts"
import { type AnyGateway, Gateway } from "./Gateway.ts"
import { Gateways } from "./Gateways.ts"
import { type Evidence, type Held, violations } from "./invariants.ts"
import { type Action, type Script, storm } from "./Script.ts"
import { Services } from "./Services.ts"
import { storedAlerts } from "./storedAlerts.ts"
import { VirtualClock } from "./VirtualClock.ts"

/** What came of a run: what is wrong, a hash of all that was sent, stored and logged, and how each alert ended. */
export interface Result {
  readonly violations: ReadonlyArray<string>
  readonly trace: string
  /** Each alert with its conversations, whatever order and times they came in. */
  readonly ends: ReadonlyArray<string>
}

/** How the engine of a run works. */
export interface Way {
  /** Without its shortcuts, in the general way. */
  readonly isGeneral?: boolean
  /** How many gateways share the store; one if absent. */
  readonly gateways?: number
}

/** When all is well again nothing waits longer than this, in milliseconds, but for a clock that was set back. */
const patience = 4 * 3_600_000

export const run = (seed: number, script: Script, way: Way = {}): Effect.Effect<Result> =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Run(seed, way)),
    (run) => run.all(script),
    (run) => run.gateway.end
  )

class Run {
  readonly #clock = new VirtualClock()
  readonly #services = new Services(this.#clock)
  readonly #log: Array<string> = []
  readonly #clockSteps: Array<{ readonly at: number; readonly milliseconds: number }> = []
  readonly gateway: AnyGateway
  readonly #acts: Acts

  constructor(seed: number, { gateways = 1, isGeneral = false }: Way) {
    const surroundings = {
      isGeneral,
      clock: this.#clock,
      dice: new Dice(`run ${seed}`),
      channels: this.#services.channels,
      log: (line: string) => void this.#log.push(line)
    }
    this.gateway = gateways === 1 ? new Gateway(surroundings) : new Gateways(surroundings, gateways)
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
    const evidence = yield* this.#evidence()
    const broken = violations(evidence)
    const stuck = yield* this.#stuck()
    const stored = JSON.stringify([yield* this.#tables(), this.#log, this.#services.calls])
    return {
      violations: [...this.#acts.wrong, ...this.gateway.wrong, ...rests, ...broken, ...stuck],
      trace: createHash("sha256").update(stored).digest("hex"),
      ends: endsOf(evidence)
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
      const enabled = [...integrations.values()].filter((one) => one.enabled).map(({ id }) => id)
      // Until then a lane that was broken, or asked to wait, may leave the next delivery to its fallback (D3, D4).
      yield* this.gateway.pass(901_000)
      const sizes = yield* this.gateway.readEach(Lanes.use(({ size }) => size))
      const lanes = sizes.reduce((sum, size) => sum + size, 0)
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
    return Effect.map(this.gateway.read(Effect.all([list, miscounted])), ([{ items, total }, wrong]) => {
      for (const row of wrong)
        this.gateway.wrong.push(`A: the counts are not those of the rows: ${JSON.stringify(row)}`)
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

const endsOf = ({ alerts, held }: Evidence) => {
  const byAlert = Map.groupBy(held, ({ alert }) => alert)
  return alerts
    .map(({ clearedBecause, episode, id, severity, source, sourceId, state }) => {
      const conversations = (byAlert.get(id) ?? [])
        .map(({ integration, state }) => `${integration} ${state}`)
        .toSorted()
      return [source, sourceId, episode, state, severity, clearedBecause, ...conversations].join(" ")
    })
    .toSorted()
}

/** What is counted otherwise than there are rows. */
const miscounted = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const alerts = yield* sql`SELECT state, sum(n) AS n FROM (
      SELECT state, n FROM alert_counts UNION ALL SELECT state, -1 FROM alerts
    ) GROUP BY state HAVING sum(n) <> 0`
  const deliveries = yield* sql`SELECT integration_id, status, sum(n) AS n FROM (
      SELECT integration_id, status, n FROM delivery_counts UNION ALL SELECT integration_id, status, -1 FROM deliveries
    ) GROUP BY integration_id, status HAVING sum(n) <> 0`
  return [...alerts, ...deliveries]
})
