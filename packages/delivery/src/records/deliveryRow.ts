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

/**
 * The same for deliveries that are found by their alerts. `|| ''` hides the status from PostgreSQL's indexes by status,
 * where it would find all open deliveries for each alert: while it counted none, that looks cheap.
 */
export const openOfAlert = "status || '' IN ('pending', 'retrying', 'sending', 'folded')"

/**
 * The condition of the index by integration and status. SQLite uses it only if the query repeats the condition in these
 * words; what was delivered has an index of its own, with the condition `status = 'delivered'`.
 */
export const undelivered = "status <> 'delivered'"

/**
 * The condition of the index by status alone, for queries of all integrations. Its second part keeps PostgreSQL from using
 * that index for one integration: a plan that it made while the table was short would read the backlog of all of them.
 */
export const undeliveredAnywhere = "status <> 'delivered' AND sequence > 0"

/** The columns of the table `deliveries` that an attempt needs. */
export interface Row {
  readonly sequence: number
  readonly id: string
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
  readonly digest_key: string | null
  readonly partial: string | null
  readonly recipients: string | null
  readonly history: string
  readonly trace: string | null
  readonly created_at: number
}

/** The columns that a message is composed from. */
export type ClaimedRow = Pick<
  Row,
  | "id"
  | "alert_id"
  | "integration_id"
  | "kind"
  | "status"
  | "form"
  | "attempts"
  | "partial"
  | "recipients"
  | "trace"
  | "created_at"
>

/** Whether the delivery is being sent, by itself or by another one that includes it. */
export const isInFlight = ({ status }: Pick<Row, "status">): boolean => status === "sending" || status === "folded"
