/**
 * A small world around the planner: rules, alerts, conversations and deliveries
 * in memory, and what the people in each channel may have read.
 */
import {
  type Alert,
  AlertId,
  type AlertRule,
  type AlertRuleId,
  type IntegrationId,
  type Kind,
  PayloadRejected,
  type Severity,
  Unavailable
} from "@tocsin/core"
import { Planner } from "@tocsin/delivery"
import { conversationAfter, withUnknownOutcome } from "../../src/domain/conversationAfter.ts"
import { integrationId, ruleId, time } from "../harness/engine.ts"
import type { Outcome } from "../../src/domain/attempt.ts"
import type { Conversation, OpenDelivery } from "../../src/domain/conversation.ts"

/** How an attempt ends. */
export type End = "delivered" | "failed" | "unanswered" | "dead" | "dead unanswered"

interface Delivery {
  readonly id: string
  readonly alert: AlertId
  readonly integration: IntegrationId
  kind: Kind
  status: "pending" | "retrying" | "sending" | "delivered" | "dead" | "superseded"
  cause: string | undefined
  severity: Severity | null
}

type Word = "nothing" | "raised" | "cleared" | "raised and cleared"

export class PlannerModel {
  readonly alerts = new Map<AlertId, Alert>()
  readonly rules = new Map<AlertRuleId, AlertRule>()
  readonly #notify = new Map<AlertRuleId, boolean>()
  readonly integrations = new Map<IntegrationId, boolean>()
  readonly conversations = new Map<AlertId, Map<IntegrationId, Conversation>>()
  readonly deliveries: Array<Delivery> = []
  /** What a channel may have read last: one word, or several after an attempt without an answer. */
  readonly read = new Map<string, ReadonlySet<Word>>()
  readonly #latest = new Map<string, AlertId>()
  /** The conversations of which a delivery died. */
  readonly #dead = new Set<string>()

  constructor(integrations: ReadonlyArray<string>) {
    for (const id of integrations) this.integrations.set(integrationId(id), true)
  }

  hasDead({ alert, integration }: { readonly alert: AlertId; readonly integration: IntegrationId }) {
    return this.#dead.has(`${alert} ${integration}`)
  }

  raise(
    key: string,
    { labels = {}, severity = "major" }: { severity?: Severity; labels?: Record<string, string> } = {}
  ) {
    const known = this.#alert(key)
    const isOpen = known?.state === "raised"
    const alert: Alert = {
      id: isOpen ? known.id : AlertId.make(`${key}${(known?.episode ?? 0) + 1}`),
      source: "monitor",
      sourceId: key,
      episode: isOpen ? known.episode : (known?.episode ?? 0) + 1,
      rule: { name: "errors" },
      severity,
      observations: [],
      observationsOmitted: 0,
      labels,
      links: {},
      state: "raised",
      startedAt: time("2026-01-01T00:00:00Z")
    }
    this.#latest.set(key, alert.id)
    this.alerts.set(alert.id, alert)
    this.#apply(alert.id, Planner.onEvent(this.input(alert), this.rules.values()))
  }

  clear(key: string, because: Alert["clearedBecause"] = "conditionsNoLongerMet") {
    const known = this.#alert(key)
    if (known === undefined || known.state === "cleared") return
    const alert: Alert = {
      ...known,
      state: "cleared",
      clearedAt: time("2026-01-01T01:00:00Z"),
      clearedBecause: because
    }
    this.alerts.set(alert.id, alert)
    this.#apply(alert.id, Planner.onEvent(this.input(alert), this.rules.values()))
  }

  /** Makes or replaces a rule; answers what was planned. */
  save(after: AlertRule) {
    const before = this.rules.get(after.id)
    this.rules.set(after.id, after)
    this.#notify.set(after.id, after.notifyOnClear)
    return this.#edit(before, after)
  }

  /** Changes something of a rule, if there is one. */
  edit(id: string, changes: Partial<AlertRule>) {
    const before = this.rules.get(ruleId(id))
    return before === undefined ? [] : this.save({ ...before, ...changes })
  }

  remove(id: string) {
    const before = this.rules.get(ruleId(id))
    if (before === undefined) return
    this.rules.delete(before.id)
    this.#edit(before, undefined)
  }

  enable(id: string, enabled: boolean) {
    const before = this.integrations.get(integrationId(id))
    this.integrations.set(integrationId(id), enabled)
    if (before === true || !enabled) return
    for (const alert of this.open) {
      const plans = Planner.onEvent(this.input(alert), this.rules.values())
      this.#apply(
        alert.id,
        plans.filter(({ conversation }) => conversation.integration === integrationId(id))
      )
    }
  }

  /** The integration's lane takes what is next. */
  take(integration: string): boolean {
    const next = this.deliveries.find(
      (delivery) =>
        delivery.integration === integrationId(integration) &&
        (delivery.status === "pending" || delivery.status === "retrying")
    )
    const alert = next && this.alerts.get(next.alert)
    const conversation = next && this.conversations.get(next.alert)?.get(next.integration)
    if (next === undefined || alert === undefined || conversation === undefined) return false
    const isOver = Planner.isEnded(conversation, alert)
    if (next.kind === "Raised" && isOver) next.kind = "RaisedAndCleared"
    next.status = "sending"
    next.severity = alert.severity
    this.#checkSaid(next)
    return true
  }

  /** What is being sent ends. */
  end(integration: string, how: End) {
    for (const delivery of this.deliveries) {
      if (delivery.status === "sending" && delivery.integration === integrationId(integration)) {
        this.#end(delivery, how)
      }
    }
  }

  /** One whole attempt of the integration; answers whether there was something to send. */
  attempt(integration: string, how: End = "delivered"): boolean {
    const claimed = this.take(integration)
    if (claimed) this.end(integration, how)
    return claimed
  }

  /** Delivers all that waits. */
  deliver() {
    for (const integration of this.integrations.keys()) {
      this.end(integration, "delivered")
      for (let n = 0; this.attempt(integration); n++) if (n > 100) throw new Error("There is always more to send")
    }
  }

  restart() {
    for (const delivery of this.deliveries.filter(({ status }) => status === "sending")) {
      delivery.status = "retrying"
      this.#read(delivery, true)
      this.#settle(delivery, withUnknownOutcome(this.#conversation(delivery), delivery.kind))
    }
  }

  /** Plans everything anew, though nothing changed; answers what that would do. */
  replan() {
    return [...this.alerts.values()].flatMap((alert) => {
      const input = this.input(alert)
      return [
        ...Planner.onEvent(input, this.rules.values()),
        ...[...this.rules.values()].flatMap((rule) => Planner.onEdit(input, rule, rule))
      ].filter(
        ({ conversation, enqueue, supersede }) =>
          enqueue !== undefined ||
          supersede !== undefined ||
          JSON.stringify(conversation) !==
            JSON.stringify(input.conversations.find(({ integration }) => integration === conversation.integration))
      )
    })
  }

  get open() {
    return [...this.alerts.values()].filter(({ state }) => state === "raised")
  }

  get all() {
    return [...this.alerts.values()].flatMap((alert) =>
      this.input(alert).conversations.map((conversation) => ({ alert, conversation }))
    )
  }

  /** All deliveries in short. */
  get history() {
    return this.deliveries.map(
      ({ cause, integration, kind, status }) =>
        `${integration}: ${kind} ${status}${cause === undefined ? "" : `: ${cause}`}`
    )
  }

  mayHaveRead({ alert, integration }: { readonly alert: AlertId; readonly integration: IntegrationId }) {
    return this.read.get(`${alert} ${integration}`) ?? new Set<Word>(["nothing"])
  }

  input(alert: Alert): Planner.PlannerInput {
    return {
      alert,
      conversations: [...(this.conversations.get(alert.id)?.values() ?? [])].map((conversation) => ({
        ...conversation,
        openDelivery: this.#asWaiting(alert.id, conversation.integration)
      })),
      notifyOnClear: (id) => this.#notify.get(id) === true,
      isEnabled: (id) => this.integrations.get(id) === true
    }
  }

  #alert(key: string) {
    const id = this.#latest.get(key)
    return id === undefined ? undefined : this.alerts.get(id)
  }

  #edit(before: AlertRule | undefined, after: AlertRule | undefined) {
    return [...this.alerts.values()].flatMap((alert) => {
      const plans = Planner.onEdit(this.input(alert), before, after)
      this.#apply(alert.id, plans)
      return plans
    })
  }

  #apply(alert: AlertId, plans: ReadonlyArray<Planner.Plan>) {
    const conversations = this.conversations.get(alert) ?? new Map<IntegrationId, Conversation>()
    this.conversations.set(alert, conversations)
    for (const { conversation, enqueue, supersede } of plans) {
      const { integration } = conversation
      if (conversation.state === "closed" && !conversations.has(integration)) continue
      const open = this.#openDelivery(alert, integration)
      if (supersede !== undefined && open !== undefined) {
        if (open.status === "sending") throw new Error("What is being sent cannot be taken back")
        open.status = "superseded"
        open.cause = supersede
      }
      if (enqueue !== undefined) {
        this.deliveries.push({
          id: String(this.deliveries.length),
          alert,
          integration,
          kind: enqueue.kind,
          status: enqueue.superseded === undefined ? "pending" : "superseded",
          cause: enqueue.superseded,
          severity: null
        })
      }
      conversations.set(integration, conversation)
    }
  }

  #openDelivery(alert: AlertId, integration: IntegrationId) {
    const open = this.deliveries.filter(
      (delivery) =>
        delivery.alert === alert &&
        delivery.integration === integration &&
        ["pending", "retrying", "sending"].includes(delivery.status)
    )
    if (open.length > 1) throw new Error(`Two deliveries of one conversation wait: ${this.history.join(" | ")}`)
    return open[0]
  }

  #asWaiting(alert: AlertId, integration: IntegrationId): OpenDelivery | undefined {
    const delivery = this.#openDelivery(alert, integration)
    if (delivery === undefined) return undefined
    const { id, kind, status } = delivery
    if (status !== "pending" && status !== "retrying" && status !== "sending") return undefined
    return { id, kind, status }
  }

  #conversation({ alert, integration }: Delivery): Conversation {
    const conversation = this.conversations.get(alert)?.get(integration)
    if (conversation === undefined) throw new Error("A delivery without a conversation")
    return { ...conversation, openDelivery: this.#asWaiting(alert, integration) }
  }

  #settle({ alert: id, integration }: Delivery, conversation: Conversation) {
    const alert = this.alerts.get(id)
    if (alert === undefined) return
    const openDelivery = this.#asWaiting(id, integration)
    this.#apply(id, [Planner.settle({ ...conversation, openDelivery }, this.input(alert))])
  }

  #end(delivery: Delivery, how: End) {
    const isUnanswered = how === "unanswered" || how === "dead unanswered"
    const dead = how === "dead" || how === "dead unanswered"
    if (dead) this.#dead.add(`${delivery.alert} ${delivery.integration}`)
    delivery.status = how === "delivered" ? "delivered" : dead ? "dead" : "retrying"
    if (how === "delivered") this.#read(delivery, false)
    if (isUnanswered) this.#read(delivery, true)
    const outcome: Outcome =
      how === "delivered"
        ? { _tag: "Delivered", receipt: {} }
        : {
            _tag: "Failed",
            reason: isUnanswered
              ? new Unavailable({ detail: "no answer", unanswered: true })
              : new PayloadRejected({ detail: "no" }),
            consequence: dead ? { status: "dead" } : { status: "retrying", nextAt: 0, form: "rich" },
            breaks: false,
            requeued: [],
            overBefore: 0
          }
    this.#settle(delivery, conversationAfter(this.#conversation(delivery), delivery.kind, outcome, delivery.severity))
  }

  #read(delivery: Delivery, perhaps: boolean) {
    const words: Partial<Record<Kind, Word>> = { Cleared: "cleared", RaisedAndCleared: "raised and cleared" }
    const word = words[delivery.kind] ?? "raised"
    const before = perhaps ? this.mayHaveRead(delivery) : []
    this.read.set(`${delivery.alert} ${delivery.integration}`, new Set([...before, word]))
  }

  /** What is sent must be able to be news to the channel, and to make sense there. */
  #checkSaid(delivery: Delivery) {
    const read = this.mayHaveRead(delivery)
    const isRaised = read.has("raised")
    const isSound: Partial<Record<Kind, boolean>> = {
      Escalated: isRaised,
      // By O3 also after a message that told both and was not answered.
      Cleared: isRaised || (read.size > 1 && read.has("raised and cleared")),
      Raised: !isRaised || read.size > 1,
      RaisedAndCleared: !isRaised || read.size > 1
    }
    if (isSound[delivery.kind] !== true)
      throw new Error(`${delivery.kind} to a channel that read ${[...read].join(" or ")}`)
  }
}
