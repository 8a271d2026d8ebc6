/**
 * A sample of a source's body, and the alerts that it would make.
 */
import { AlertEvent, Severity } from "@tocsin/core"
import { Schema } from "effect"

/** What to try a sample with. */
export const TrySource = Schema.Struct({
  sample: Schema.Json.annotateKey({
    description:
      "A body as the source would post it. In a text it is read as it would arrive, with every digit of large ids."
  }),
  type: Schema.optionalKey(Schema.String).annotateKey({
    description: "The type of a source that is not saved yet. Without it, the sample is tried with the saved source."
  }),
  mapping: Schema.optionalKey(Schema.Json).annotateKey({ description: "Of the type json, as when it is saved." }),
  settings: Schema.optionalKey(Schema.Json).annotateKey({ description: "Of any other type, as when it is saved." }),
  defaults: Schema.optionalKey(
    Schema.Struct({
      severity: Schema.optionalKey(Severity),
      labels: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
      timezone: Schema.optionalKey(Schema.String)
    })
  ).annotateKey({ description: "As when it is saved." })
}).annotate({ identifier: "TrySource" })

/** What a sample would become. */
export const Tried = Schema.Struct({
  alerts: Schema.Array(AlertEvent).annotateKey({ description: "The events that would be recorded." }),
  isTest: Schema.Boolean.annotateKey({ description: "Whether it is a test of the source's set-up, about no alert." }),
  notes: Schema.Array(Schema.Struct({ sourceId: Schema.String, note: Schema.String })).annotateKey({
    description: "Remarks that would be added to the history of alerts."
  }),
  unreadable: Schema.Natural.annotateKey({ description: "How many alerts of it cannot be read." }),
  why: Schema.optionalKey(Schema.String).annotateKey({
    description: "The position of the first error, and what was expected."
  })
}).annotate({ identifier: "Tried" })
