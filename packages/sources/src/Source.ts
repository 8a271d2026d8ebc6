/**
 * The contract of a source: a monitoring system with a format of its own.
 */
import type { Severity } from "@tocsin/core"
import type { DateTime, Effect } from "effect"
import type { Decoded } from "./Decoded.ts"

/** What a decoder needs beside the body. */
export interface Options {
  /** The name of the source; it becomes the `source` of its alerts. */
  readonly source: string
  /** The zone of times that state none, or an unknown one: an IANA name or an offset. Anything else is UTC. */
  readonly timezone: string
  /** The severity of alerts that state none, or an unknown one. `major` when absent. */
  readonly severity?: Severity
  /** When the body arrived. Stands for the start of an alert that states none. */
  readonly receivedAt: DateTime.Utc
}

/** An HTTP request, as far as a format may need it. */
export interface Request {
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
  /** The body. */
  readonly text: string
}

/** A source: its name, and how its bodies are read. */
export interface Source {
  /** Names the source in URLs and alerts, such as `alertmanager`; `[a-z0-9-]{1,64}`. */
  readonly type: string
  /** Its name as its vendor spells it, such as `Alertmanager`. */
  readonly title: string
  /**
   * Reads a body, as parsed from its JSON by `parseJson`, which keeps every digit of an id.
   *
   * Never fails and has no effects: the same body with the same options gives the same result. Lets others run after some
   * 1,000 values of a long list. Fields that make no difference to whether and when something is wrong may be missing or
   * odd. Texts that are too long are cut.
   */
  readonly decode: (body: unknown, options: Options) => Effect.Effect<Decoded>
  /** Makes the JSON text to decode of a request. Only for formats that use headers; without it, that is the body. */
  readonly toJson?: (request: Request) => string
}
