/**
 * The steps of a delivery, as the column `deliveries.history` stores them: `[[status, at, cause, attempt], …]`, where the
 * last values may be absent.
 */
import { Schema } from "effect"
import { DeliveryStatus } from "./deliveryRow.ts"

/** One step of a delivery: its new status, when, and why. */
export interface Transition {
  readonly status: DeliveryStatus
  readonly cause: string | undefined
  /** The attempt that the step belongs to, from 1. */
  readonly attempt: number | undefined
  /** Epoch milliseconds, like all times here. */
  readonly at: number
}

/** Encodes one step, without the brackets around all of them. */
export const encodeStep = ({
  at,
  attempt,
  cause,
  status
}: Pick<Transition, "status" | "at"> & {
  readonly cause?: string | undefined
  readonly attempt?: number | undefined
}): string =>
  JSON.stringify(
    attempt !== undefined ? [status, at, cause, attempt] : cause !== undefined ? [status, at, cause] : [status, at]
  )

/** The expression that appends a step, an expression too, to the history of a row. */
export const withStep = (history: string, step: string): string =>
  `substr(${history}, 1, length(${history}) - 1) || ',' || ${step} || ']'`

const decode = Schema.decodeSync(
  Schema.fromJsonString(
    Schema.Array(
      Schema.TupleWithRest(Schema.Tuple([DeliveryStatus, Schema.Number]), [
        Schema.Union([Schema.Null, Schema.String, Schema.Number])
      ])
    )
  )
)

/** Decodes all steps, oldest first. */
export const decodeHistory = (stored: string): ReadonlyArray<Transition> =>
  decode(stored).map(([status, at, cause, attempt]) => ({
    status,
    at,
    cause: typeof cause === "string" ? cause : undefined,
    attempt: typeof attempt === "number" ? attempt : undefined
  }))
