/**
 * The messages of an integration, rendered but not sent.
 */
import { Preview, ShownRequest } from "@tocsin/core"
import { Schema } from "effect"

/** What each kind of notification would look like. */
export const IntegrationPreview = Schema.Struct({
  items: Schema.Array(
    Schema.Struct({
      kind: Schema.String.annotateKey({ description: "The kind of notification, such as Raised." }),
      preview: Schema.optionalKey(Preview.Preview).annotateKey({
        description: "What a person will see, as data; absent if the plugin does not say."
      }),
      text: Schema.String.annotateKey({ description: "The plain text, for when the service refuses the rich form." }),
      requests: Schema.Array(ShownRequest).annotateKey({
        description:
          "The requests as they would go out, every secret struck out; none if the channel is not one of HTTP requests."
      })
    })
  )
}).annotate({ identifier: "IntegrationPreview" })
