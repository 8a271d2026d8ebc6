/**
 * Runs the planner on the store: for alerts that events changed, and for all raised alerts after an edit (case O6).
 */
import { type Alert, type AlertId, AlertRule, IntegrationId } from "@tocsin/core"
import { Array as Arr, Context, Effect, Latch, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { AlertRules, type CurrentRules } from "../config/AlertRules.ts"
import { ConfigCache } from "../config/ConfigCache.ts"
import { Alerts } from "../records/Alerts.ts"
import { type Change, Conversations } from "../records/Conversations.ts"
import type { Opening } from "../records/DirectClaims.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { Integrations } from "../config/Integrations.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import { ignoreLogged } from "../sql/StoreUnavailable.ts"
import { onEdit, onEvent, onExpiry, onRemoval, type Plan, type PlannerInput } from "../domain/Planner.ts"
import { Peers } from "../cluster/Peers.ts"
import { Signals } from "../cluster/Signals.ts"
import type { StoredConversation } from "../domain/conversation.ts"
import { isFirstRaise } from "../domain/episode.ts"
import { afterCommit } from "../sql/transactionEnd.ts"

/** How many alerts share a transaction. Events wait for it, some tens of milliseconds. */
const plannedAtOnce = 1000

/**
 * What an operator changed: a rule (created without `before`, removed without `after`), or an integration that was
 * enabled.
 */
export const Edit = Schema.Union([
  Schema.Struct({ enabled: IntegrationId }),
  Schema.Struct({ before: Schema.optionalKey(AlertRule), after: Schema.optionalKey(AlertRule) })
])
export type Edit = typeof Edit.Type

/** An alert that an event changed, with the event's text and the trace of its request. */
export interface Moved extends Partial<Pick<Opening, "text" | "trace">> {
  readonly alert: Alert
  /** The alert before the event, if it was known. */
  readonly before: Alert | undefined
}

/** Plans deliveries and writes the plans. All but the previews run inside a transaction of `GroupCommit`. */
export class Reconciler extends Context.Service<
  Reconciler,
  {
    /**
     * Plans for the alerts that events changed. `mayClaim`: the transaction has no other events, so that raises may be
     * claimed at once.
     */
    readonly moved: (
      moved: ReadonlyArray<Moved>,
      options: { readonly mayClaim: boolean }
    ) => Effect.Effect<void, SqlError.SqlError>
    /** Plans for an alert that expired: no message is sent. */
    readonly expired: (alert: Alert) => Effect.Effect<void, SqlError.SqlError>
    /**
     * Records an edit and plans the first 1,000 raised alerts. Called in the transaction that saves the edit. A
     * background job plans the other alerts, also after a crash, and completes one edit after the other.
     */
    readonly edited: (edit: Edit) => Effect.Effect<void, SqlError.SqlError>
    /** Removes an integration from all edits that are not complete. */
    readonly leave: (integration: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
    /** Calls `use` with the plans that an edit would cause for each raised alert. */
    readonly preview: (edit: Edit, use: (plans: ReadonlyArray<Plan>) => void) => Effect.Effect<void, SqlError.SqlError>
    /** Calls `use` with the plans that removing an integration would cause at its fallbacks. */
    readonly previewRemoval: (
      integration: IntegrationId,
      use: (plans: ReadonlyArray<Plan>) => void
    ) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@tocsin/delivery/Reconciler") {
  static readonly layer: Layer.Layer<
    Reconciler,
    never,
    | GroupCommit
    | SqlClient.SqlClient
    | Alerts
    | AlertRules
    | ConfigCache
    | Conversations
    | Deliveries
    | Integrations
    | Signals
    | Peers
  > = Layer.effect(
    Reconciler,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const alerts = yield* Alerts
      const alertRules = yield* AlertRules
      const configCache = yield* ConfigCache
      const conversations = yield* Conversations
      const deliveries = yield* Deliveries
      const integrations = yield* Integrations
      const signals = yield* Signals
      /** Open when there may be an incomplete edit, also after a start. */
      const isBehind = yield* Latch.make(true)

      const facts = Effect.gen(function* () {
        const { mayMatch, notifyOnClear } = yield* alertRules.current
        const enabled = yield* integrations.enabled
        return { mayMatch, notifyOnClear, isEnabled: (id: IntegrationId) => enabled.get(id) === true }
      })
      type Facts = Effect.Success<typeof facts>

      const write = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
        const woken = yield* conversations.apply(changes)
        yield* afterCommit(signals.send(woken, "work"))
      })

      const apply = Effect.fnUntraced(function* (
        id: AlertId,
        plan: (known: ReadonlyArray<StoredConversation>) => ReadonlyArray<Plan>
      ) {
        const known = (yield* conversations.ofAlerts([id])).get(id) ?? []
        yield* write([{ alert: id, plans: plan(known), known }])
      })

      const pending = (limit: number) =>
        Effect.map(sql<Row>`SELECT * FROM edits ORDER BY sequence LIMIT ${limit}`, (rows) =>
          rows.map(({ edit, ...row }) => ({ ...row, edit: decode(edit) }))
        )

      /** The edits that are not complete. While there are none, there are none until the next edit. */
      const incomplete = configCache.remember(pending(Number.MAX_SAFE_INTEGER), (edits) => edits.length === 0)

      /** Plans an alert under the edits that have not reached it yet, before an event changes it. */
      const catchUp = Effect.fnUntraced(function* (
        facts: Facts,
        edits: Arr.NonEmptyReadonlyArray<PendingEdit>,
        { alert: { id }, before }: Moved
      ) {
        const [row] = yield* sql<{
          sequence: number
          planned_under: number
        }>`SELECT sequence, planned_under FROM alerts WHERE id = ${id}`
        for (const { edit, reached, sequence } of edits) {
          if (before === undefined || row === undefined) break
          if (reached >= row.sequence || row.planned_under >= sequence) continue
          yield* apply(id, (conversations) => planEdit(edit, { ...facts, alert: before, conversations }))
        }
        yield* sql`UPDATE alerts SET planned_under = ${Arr.lastNonEmpty(edits).sequence} WHERE id = ${id}`
      })

      /** Plans the next raised alerts under the oldest incomplete edit; returns whether there was one. */
      const step = Effect.gen(function* () {
        const [oldest] = yield* pending(1)
        if (oldest === undefined) return false
        const page = yield* alerts.raised(oldest.reached, plannedAtOnce)
        const behind = page.filter(({ plannedUnder }) => plannedUnder < oldest.sequence)
        // Reading all rules again after an edit is expensive: only if there is an alert to plan.
        if (behind.length > 0) {
          const known = yield* conversations.ofAlerts(behind.map(({ alert }) => alert.id))
          const input = yield* facts
          yield* write(
            behind.map(({ alert }) => {
              const ofAlert = known.get(alert.id) ?? []
              const plans = planEdit(oldest.edit, { ...input, alert, conversations: ofAlert })
              return { alert: alert.id, plans, known: ofAlert }
            })
          )
        }
        const last = page.at(-1)
        yield* last === undefined || page.length < plannedAtOnce
          ? sql`DELETE FROM edits WHERE sequence = ${oldest.sequence}`
          : sql`UPDATE edits SET reached = ${last.sequence} WHERE sequence = ${oldest.sequence}`
        return true
      })

      /** The changes at fallbacks once an integration is removed. */
      const ofRemoval = Effect.fnUntraced(function* (integration: IntegrationId) {
        const diverted = yield* sql<{ alert_id: AlertId }>`SELECT alert_id FROM conversations
          WHERE integration_id = ${integration} AND state = 'open' AND diverted_to IS NOT NULL`
        const input = yield* facts
        const changes: Array<Change> = []
        for (const { alert_id } of diverted) {
          const alert = yield* alerts.get(alert_id)
          if (alert === undefined) continue
          const known = (yield* conversations.ofAlerts([alert_id])).get(alert_id) ?? []
          const plans = onRemoval({ ...input, alert, conversations: known }, integration)
          changes.push({ alert: alert_id, plans, known })
        }
        return changes
      })

      // The gateway that accepted an edit may have stopped before the edit was complete.
      yield* Effect.forkScoped((yield* Peers).poll(Effect.asVoid(isBehind.open)))
      yield* isBehind.await.pipe(
        Effect.andThen(isBehind.close),
        Effect.andThen(Effect.repeat(groupCommit.commit(step), { while: (more) => more })),
        // An edit is never skipped: later edits build on earlier ones.
        Effect.tapCause(() => Effect.andThen(isBehind.open, Effect.sleep("1 second"))),
        ignoreLogged("Planning raised alerts after an edit failed; retrying in a second."),
        Effect.forever,
        Effect.forkScoped
      )

      return Reconciler.of({
        moved: Effect.fnUntraced(function* (moved, { mayClaim }) {
          const input = yield* facts
          const edits = yield* incomplete
          if (Arr.isReadonlyArrayNonEmpty(edits)) yield* Effect.forEach(moved, (one) => catchUp(input, edits, one))
          for (const { alert, before } of moved) {
            if (before === undefined || before.severity === alert.severity) continue
            yield* deliveries.setSeverity(alert.id, alert.severity)
          }
          const ofKnown = yield* conversations.ofAlerts(
            moved.flatMap(({ alert, before }) => (before === undefined ? [] : [alert.id]))
          )
          yield* write(
            moved.map(({ alert, before, text, trace }) => {
              const known = ofKnown.get(alert.id) ?? []
              const plans = onEvent({ ...input, alert, conversations: known }, input.mayMatch(alert))
              return {
                alert: alert.id,
                plans,
                known,
                trace,
                mayClaim,
                ...(text && isFirstRaise(alert, before) && { first: { alert, text } })
              }
            })
          )
        }),
        expired: Effect.fnUntraced(function* (alert) {
          yield* apply(alert.id, (conversations) => onExpiry({ conversations }))
        }),
        edited: Effect.fnUntraced(function* (edit) {
          yield* sql`INSERT INTO edits ${sql.insert({ edit: encode(edit), reached: 0 })}`
          yield* step
          yield* afterCommit(Effect.asVoid(isBehind.open))
        }),
        leave: Effect.fnUntraced(function* (integration) {
          for (const { edit, sequence } of yield* pending(Number.MAX_SAFE_INTEGER)) {
            yield* "enabled" in edit && edit.enabled === integration
              ? sql`DELETE FROM edits WHERE sequence = ${sequence}`
              : sql`UPDATE edits SET edit = ${encode(without(edit, integration))} WHERE sequence = ${sequence}`
          }
          yield* write(yield* ofRemoval(integration))
        }),
        previewRemoval: Effect.fnUntraced(function* (integration, use) {
          for (const { plans } of yield* ofRemoval(integration)) use(plans)
        }),
        preview: Effect.fnUntraced(function* (edit, use) {
          const { isEnabled, notifyOnClear, ...input } = yield* facts
          const after = "enabled" in edit ? undefined : edit.after
          const inputAfter = {
            ...input,
            isEnabled: (id: IntegrationId) => ("enabled" in edit && edit.enabled === id) || isEnabled(id),
            notifyOnClear: (id: AlertRule["id"]) => (id === after?.id ? after.notifyOnClear : notifyOnClear(id))
          }
          let reached = 0
          for (;;) {
            const page = yield* alerts.raised(reached, plannedAtOnce)
            const known = yield* conversations.ofAlerts(page.map(({ alert }) => alert.id))
            for (const { alert, sequence } of page) {
              reached = sequence
              const conversations = known.get(alert.id) ?? []
              use(planEdit(edit, { ...inputAfter, alert, conversations }))
            }
            if (page.length < plannedAtOnce) return
            // Lets other requests run between pages.
            yield* Effect.yieldNow
          }
        })
      })
    })
  )
}

const planEdit = (edit: Edit, input: PlannerInput & Pick<CurrentRules, "mayMatch">): ReadonlyArray<Plan> =>
  "enabled" in edit
    ? onEvent(input, input.mayMatch(input.alert)).filter(
        ({ conversation }) => conversation.integration === edit.enabled
      )
    : onEdit(input, edit.before, edit.after)

const without = (edit: Edit, integration: IntegrationId): Edit => {
  if ("enabled" in edit) return edit
  const leave = (rule: AlertRule) => ({ ...rule, integrations: rule.integrations.filter((id) => id !== integration) })
  return {
    ...(edit.before && { before: leave(edit.before) }),
    ...(edit.after && { after: leave(edit.after) })
  }
}

const EditJson = Schema.fromJsonString(Schema.toCodecJson(Edit))
const encode = Schema.encodeSync(EditJson)
const decode = Schema.decodeSync(EditJson)

/** An edit that is not complete. */
interface PendingEdit {
  readonly sequence: number
  readonly edit: Edit
  readonly reached: number
}

type Row = Omit<PendingEdit, "edit"> & { readonly edit: string }
