/**
 * The contract of a source: a monitoring system with a format of its own.
 */
import type { Severity } from "@tocsin/core"
import type { DateTime, Effect } from "effect"
import type { Decoded } from "./Decoded.ts"

/** The context of a body. */
export interface Options {
  /** The name of the source; it becomes the `source` of its alerts. */
  readonly source: string
  /** The zone of times without a known zone: an IANA name or an offset. Any other value means UTC. */
  readonly timezone: string
  /** The severity of alerts without a known severity. `major` when absent. */
  readonly severity?: Severity
  /** When the body arrived: the start of an alert that states none. */
  readonly receivedAt: DateTime.Utc
}

/** The parts of an HTTP request that a format may need. */
export interface Request {
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
  /** The body. */
  readonly text: string
}

/** A source: its name, and the decoder of its bodies. */
export interface Source {
  /** Names the source in URLs and alerts, such as `alertmanager`; `[a-z0-9-]{1,64}`. */
  readonly type: string
  /** Its name as its vendor spells it, such as `Alertmanager`. */
  readonly title: string
  /**
   * Reads a body, as parsed from its JSON by `parseJson`, which keeps every digit of an id.
   *
   * Never fails and has no effects: the same body with the same options has the same result. Yields to other fibers
   * after about 1,000 values of a long list. Fields that decide neither the state nor the times of an alert may be
   * missing or malformed. Texts that are too long are cut.
   */
  readonly decode: (body: unknown, options: Options) => Effect.Effect<Decoded>
  /**
   * Converts a request to the JSON text to decode. Only for formats that use headers; when absent, the body is decoded.
   */
  readonly toJson?: (request: Request) => string
}
