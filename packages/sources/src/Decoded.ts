/**
 * What a source's decoder makes of a body.
 */
import type { AlertEvent } from "@tocsin/core"

/** A body as read: the events in it, a trial of the source's set-up, or the reason why it cannot be read. */
export type Decoded = Events | Test | Unreadable

/** The events of a body. A body may be about nothing that is an alert; then there are none. */
export interface Events {
  readonly _tag: "Events"
  readonly events: ReadonlyArray<AlertEvent>
  /** The alerts of the body that could not be read, or that its sender left out of it; absent if there are none. */
  readonly missed?: { readonly count: number; readonly why: string }
  /** Remarks for the history of alerts, such as an acknowledgement. */
  readonly notes?: ReadonlyArray<{ readonly sourceId: string; readonly note: string }>
}

/** A trial of the source's set-up, which is about no alert. */
export interface Test {
  readonly _tag: "Test"
  readonly eventId?: string
}

/** A body that cannot be read. */
export interface Unreadable {
  readonly _tag: "Unreadable"
  /** Where (a JSON Pointer) and what was expected; nothing of the body is repeated. */
  readonly why: string
}
