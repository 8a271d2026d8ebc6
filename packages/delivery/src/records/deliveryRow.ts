/**
 * A delivery, as the table `deliveries` stores it.
 */
import type { ChannelPlugin, Kind, Severity } from "@tocsin/core"
import { Schema } from "effect"

/** The status of a delivery. The last four are final. */
export const DeliveryStatus = Schema.Literals([
  "pending",
  "retrying",
  "sending",
  "folded",
  "delivered",
  "dead",
  "superseded",
  "diverted"
])
export type DeliveryStatus = typeof DeliveryStatus.Type

/**
 * The condition of the index of deliveries that have not ended. A query must repeat it in these words to use the index.
 */
export const openStatus = "status IN ('pending', 'retrying', 'sending', 'folded')"

/** The columns of the table `deliveries` that an attempt needs. */
export interface Row {
  readonly sequence: number
  readonly id: string
  readonly conversation_id: string | null
  readonly alert_id: string | null
  readonly integration_id: string
  readonly kind: Kind
  readonly status: DeliveryStatus
  readonly cause: string | null
  readonly form: ChannelPlugin.Form
  readonly attempts: number
  readonly severity: Severity | null
  readonly notification: string | null
  readonly folded_into: string | null
  readonly partial: string | null
  readonly recipients: string | null
  readonly created_at: number
}

/** Whether the delivery is being sent, by itself or by another one that includes it. */
export const isInFlight = ({ status }: Pick<Row, "status">): boolean => status === "sending" || status === "folded"
