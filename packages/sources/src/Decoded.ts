/**
 * The result of a source's decoder.
 */
import type { AlertEvent } from "@tocsin/core"

/** A decoded body: its events, a test of the source's set-up, or the reason why it cannot be read. */
export type Decoded = Events | Test | Unreadable

/** The events of a body; none if it is not about an alert. */
export interface Events {
  readonly _tag: "Events"
  readonly events: ReadonlyArray<AlertEvent>
  /** The alerts of the body that could not be read, or that its sender left out of it; absent if there are none. */
  readonly missed?: { readonly count: number; readonly why: string }
  /** Remarks for the history of alerts, such as an acknowledgement. */
  readonly notes?: ReadonlyArray<{ readonly sourceId: string; readonly note: string }>
}

/** A test of the source's set-up, which is not about an alert. */
export interface Test {
  readonly _tag: "Test"
  readonly eventId?: string
}

/** A body that cannot be read. */
export interface Unreadable {
  readonly _tag: "Unreadable"
  /** The position (a JSON Pointer) and the expected value; repeats nothing of the body. */
  readonly why: string
}
