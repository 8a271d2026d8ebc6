/**
 * The row of an integration in the table `integrations`, and its shown form.
 */
import { DeliveryOptions, IntegrationId, Limits } from "@tocsin/core"
import { Schema } from "effect"
import type { ShownIntegration } from "../domain/integration.ts"

/** A row of the table `integrations`. */
export interface Row {
  readonly sequence: number
  readonly id: string
  readonly type: string
  readonly name: string
  readonly enabled: number
  readonly options: string
  readonly sealed_settings: string
  readonly settings_version: number
  readonly key_id: string
  readonly partition: number | null
  readonly budgets: string | null
  readonly broken_reason: string | null
  readonly broken_since: number | null
  readonly waiting_because: "limited" | "unavailable" | null
  readonly waiting_until: number | null
  readonly last_success_at: number | null
  readonly last_failure_at: number | null
  readonly last_failure_reason: string | null
  readonly paused_since: number | null
  readonly paused_reason: string | null
  readonly paused_by: string | null
  readonly created_at: number
  readonly updated_at: number
}

const Options = Schema.fromJsonString(
  Schema.Struct({
    limits: Schema.optionalKey(Limits),
    fallback: Schema.optionalKey(IntegrationId),
    delivery: Schema.optionalKey(DeliveryOptions)
  })
)

/** The column `options`. */
export const encodeOptions = Schema.encodeSync(Options)
export const decodeOptions = Schema.decodeSync(Options)

const Keys = Schema.fromJsonString(Schema.Array(Schema.String))

/** The column `budgets`: the hashed keys of the integration's rate limits. */
export const encodeKeys = Schema.encodeSync(Keys)
export const decodeKeys = Schema.decodeSync(Keys)

/** Converts a row to the shown form; `settings` is already without secrets. */
export const shown = (
  row: Row,
  settings: Pick<ShownIntegration, "settings" | "secretsSet">,
  brokenBecause = row.broken_reason
): ShownIntegration => ({
  sequence: row.sequence,
  id: IntegrationId.make(row.id),
  name: row.name,
  type: row.type,
  enabled: row.enabled === 1,
  ...settings,
  ...decodeOptions(row.options),
  broken: brokenBecause === null ? undefined : { reason: brokenBecause, since: row.broken_since ?? row.updated_at },
  waiting: row.waiting_because === null ? undefined : { because: row.waiting_because, until: row.waiting_until ?? 0 },
  lastSuccessAt: row.last_success_at ?? undefined,
  lastFailure:
    row.last_failure_at === null ? undefined : { at: row.last_failure_at, reason: row.last_failure_reason ?? "" },
  paused:
    row.paused_since === null
      ? undefined
      : { since: row.paused_since, reason: row.paused_reason ?? "", by: row.paused_by ?? "" },
  createdAt: row.created_at,
  updatedAt: row.updated_at
})
