/**
 * The messages of an integration, rendered but not sent.
 */
import { Preview, ShownRequest } from "@tocsin/core"
import { Schema } from "effect"

/** The message of each kind of notification. */
export const IntegrationPreview = Schema.Struct({
  items: Schema.Array(
    Schema.Struct({
      kind: Schema.String.annotateKey({ description: "The kind of notification, such as Raised." }),
      preview: Preview.Preview.annotateKey({
        description:
          "The message as a person sees it, as data. Of a plugin without a preview: headline, facts and links, which the channel may show in another way."
      }),
      text: Schema.String.annotateKey({
        description: "The plain text, which is sent if the service refuses the rich form."
      }),
      requests: Schema.Array(ShownRequest).annotateKey({
        description: "The requests, with secrets redacted; none if the channel does not use HTTP."
      })
    })
  )
}).annotate({ identifier: "IntegrationPreview" })
