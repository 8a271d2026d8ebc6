/**
 * What sources and operators do, and what the models make of it. Where the gateway
 * dies before it answers, the store tells whether it was done.
 */
import { AlertRuleId, IntegrationId } from "@tocsin/core"
import { AlertSearch, Configuration, type Delivery, Edits, Intake, Redeliveries, TestSends } from "@tocsin/delivery"
import { Effect, Exit } from "effect"
import * as AlertModel from "./AlertModel.ts"
import * as asEntered from "./asEntered.ts"
import * as ConversationModel from "./ConversationModel.ts"
import { differences } from "./invariants.ts"
import type { AnyGateway } from "./Gateway.ts"
import type { ScriptedIntegration, ScriptedRule, SourceEvent } from "./Script.ts"
import { storedAlerts } from "./storedAlerts.ts"
import type { VirtualClock } from "./VirtualClock.ts"

interface Models {
  readonly alerts: AlertModel.AlertModel
  readonly conversations: ConversationModel.ConversationModel
}

export class Acts {
  models: Models = { alerts: AlertModel.empty(), conversations: ConversationModel.empty() }
  readonly wrong: Array<string> = []
  #saves = 0
  readonly #gateway: AnyGateway
  readonly #clock: VirtualClock
  readonly #start: number

  constructor(gateway: AnyGateway, clock: VirtualClock) {
    this.#gateway = gateway
    this.#clock = clock
    this.#start = clock.wall
  }

  /** Several requests at once. Who gets no answer sends again, as senders do. */
  readonly events = Effect.fnUntraced(
    { self: this },
    function* (this: Acts, calls: ReadonlyArray<ReadonlyArray<SourceEvent>>) {
      let unanswered = calls
      /** What made no difference that can be seen: whether it is a duplicate when it comes again, nobody knows. */
      const uncertain = new Set<ReadonlyArray<SourceEvent>>()
      while (unanswered.length > 0) {
        const now = this.#clock.wall
        const all = unanswered.map((events) => ({
          events,
          asked: this.#gateway.ask(
            Intake.use(({ accept }) => accept(events.map((event) => asEntered.event(event, this.#start))))
          )
        }))
        unanswered = []
        for (const { asked, events } of all) {
          const exit = yield* this.#gateway.answer(asked)
          const { verdicts, ...after } = this.#after(events, now)
          if (exit === undefined) {
            const stored = yield* this.#isStored(after.alerts, events)
            if (stored) this.models = after
            if (stored === undefined) uncertain.add(events)
            if (asked.of.isDead) unanswered = [...unanswered, events]
          } else if (Exit.isFailure(exit)) {
            this.wrong.push(`events are not taken: ${String(exit.cause)}`)
          } else {
            this.models = after
            const told = exit.value.map(({ status }) => status).join()
            const expected = verdicts.map(({ status }) => status).join()
            if (told !== expected && !uncertain.has(events)) {
              this.wrong.push(`I: ${JSON.stringify(events)} is answered ${told}, not ${expected}`)
            }
          }
        }
      }
    }
  )

  readonly closeByHand = Effect.fnUntraced(
    { self: this },
    function* (this: Acts, alert: { readonly source: string; readonly sourceId: string }) {
      const { source, sourceId } = alert
      const { items } = yield* this.#gateway.read(AlertSearch.use(({ list }) => list({ source, sourceId, limit: 1 })))
      const [known] = items
      if (known === undefined) return
      const { id } = known
      const now = this.#clock.wall
      const exit = yield* this.#gateway.answer(this.#gateway.ask(Intake.use(({ clear }) => clear(id, "by hand"))))
      const after = structuredClone(this.models)
      const closed = AlertModel.closeByHand(after.alerts, alert, now)
      if (closed === undefined) return
      ConversationModel.moved(after.conversations, closed)
      const stored = yield* this.#gateway.read(AlertSearch.use(({ get }) => get(id)))
      if (stored?.state === "cleared") this.models = after
      else if (exit !== undefined) this.wrong.push("an alert that was closed by hand is raised")
    }
  )

  readonly saveRule = Effect.fnUntraced({ self: this }, function* (this: Acts, scripted: ScriptedRule) {
    const { conversations } = this.models
    const rule = { ...scripted, integrations: scripted.integrations.filter((id) => conversations.integrations.has(id)) }
    const input = asEntered.rule(rule, this.#saves++)
    const found = Effect.suspend(() => this.#gateway.read(Configuration.use(({ rule }) => rule(input.id))))
    const refused = yield* this.#untilSaved(
      Edits.use(({ saveRule }) => saveRule(input, "any")),
      Effect.map(found, (found) => found?.rule.name === input.name)
    )
    if (refused === undefined) ConversationModel.edited(conversations, this.#raised, rule.id, rule)
    else this.wrong.push(`rule ${rule.id} is not saved: ${refused}`)
  })

  readonly removeRule = Effect.fnUntraced({ self: this }, function* (this: Acts, id: string) {
    const { conversations } = this.models
    if (!conversations.rules.has(id)) return
    const rule = AlertRuleId.make(id)
    const exit = yield* this.#edit(Edits.use(({ removeRule }) => removeRule(rule, "any")))
    const found = yield* this.#gateway.read(Configuration.use((stored) => stored.rule(rule)))
    if (found === undefined) ConversationModel.edited(conversations, this.#raised, id, undefined)
    else if (exit !== undefined) this.wrong.push(`rule ${id} is not removed: ${String(exit)}`)
  })

  readonly saveIntegration = Effect.fnUntraced({ self: this }, function* (this: Acts, scripted: ScriptedIntegration) {
    const { conversations } = this.models
    const { fallback, ...others } = scripted
    const integration = fallback !== undefined && conversations.integrations.has(fallback) ? scripted : others
    const input = asEntered.integration(integration, this.#saves++)
    const found = Effect.suspend(() =>
      this.#gateway.read(Configuration.use(({ integration }) => integration(input.id)))
    )
    const refused = yield* this.#untilSaved(
      Edits.use(({ saveIntegration }) => saveIntegration(input, "any")),
      Effect.map(found, (found) => found?.name === input.name)
    )
    if (refused === undefined) ConversationModel.saved(conversations, this.#raised, integration)
    else this.wrong.push(`integration ${input.id} is not saved: ${refused}`)
  })

  readonly removeIntegration = Effect.fnUntraced({ self: this }, function* (this: Acts, id: string, force: boolean) {
    const { conversations } = this.models
    if (!conversations.integrations.has(id)) return
    const isNamed = ConversationModel.naming(conversations, id).length > 0
    const integration = IntegrationId.make(id)
    const exit = yield* this.#edit(
      Edits.use(({ removeIntegration }) => removeIntegration(integration, { expected: "any", force }))
    )
    const found = yield* this.#gateway.read(Configuration.use((stored) => stored.integration(integration)))
    if (found === undefined) {
      ConversationModel.removed(conversations, id)
      if (isNamed && !force) this.wrong.push(`O8: integration ${id} is removed although it is named`)
    } else if (exit !== undefined && (force || !isNamed)) {
      this.wrong.push(`integration ${id} is not removed: ${String(exit)}`)
    }
  })

  /** Nobody waits for the answer: it may take 15 seconds. */
  testSend(id: string) {
    const { integrations } = this.models.conversations
    if (!integrations.has(id)) return Effect.void
    return Effect.sync(() => {
      this.#gateway.ask(
        Effect.gen(function* () {
          const ready = yield* Configuration.use(({ ready }) => ready(IntegrationId.make(id)))
          if (ready !== undefined) yield* TestSends.use(({ send }) => send(ready))
        })
      )
    })
  }

  readonly redeliver = Effect.suspend(() =>
    this.#edit(
      Redeliveries.use(({ many }) => many({ integration: undefined, since: undefined }, { by: "us", reason: "again" }))
    )
  )

  redeliverOne(delivery: Delivery | undefined) {
    return delivery === undefined
      ? Effect.void
      : Effect.asVoid(this.#edit(Redeliveries.use(({ one }) => one(delivery.id, { by: "us", reason: "again" }))))
  }

  /** Who gets no answer, and finds nothing saved, saves again, as operators do. Returns why it was refused. */
  readonly #untilSaved = Effect.fnUntraced(
    { self: this },
    function* (this: Acts, save: Effect.Effect<unknown, unknown, Edits>, isSaved: Effect.Effect<boolean>) {
      for (;;) {
        const exit = yield* this.#edit(save)
        if (yield* isSaved) return undefined
        if (exit !== undefined) return String(exit)
      }
    }
  )

  #edit<A, E>(edit: Effect.Effect<A, E, Edits | Redeliveries>) {
    return this.#gateway.answer(this.#gateway.ask(edit))
  }

  /** The models as they are when the events were taken. */
  #after(events: ReadonlyArray<SourceEvent>, now: number) {
    const { alerts, conversations } = structuredClone(this.models)
    const verdicts = events.map((event) => {
      const verdict = AlertModel.take(alerts, event, now, this.#start)
      const alert = alerts.alerts.get(AlertModel.keyOf(event))?.[verdict.episode - 1]
      if (verdict.moved && alert !== undefined) ConversationModel.moved(conversations, alert)
      return verdict
    })
    return { alerts, conversations, verdicts }
  }

  /** Whether the gateway that died had stored the events: all of them must be there, or none. Undefined: it looks the same. */
  readonly #isStored = Effect.fnUntraced(
    { self: this },
    function* (this: Acts, after: AlertModel.AlertModel, [event]: ReadonlyArray<SourceEvent>) {
      if (event === undefined) return false
      const { source, sourceId } = event
      const items = yield* this.#gateway.read(storedAlerts({ source, sourceId }))
      const key = AlertModel.keyOf(event)
      const isAfter = differences(after.alerts.get(key) ?? [], items).length === 0
      const missing = differences(this.models.alerts.alerts.get(key) ?? [], items)
      if (isAfter) return missing.length === 0 ? undefined : true
      if (missing.length > 0) this.wrong.push(`I7: a crash left a part of ${key}: ${missing.join("; ")}`)
      return false
    }
  )

  get #raised() {
    return [...this.models.alerts.alerts.values()].flat().filter(({ state }) => state === "raised")
  }
}
