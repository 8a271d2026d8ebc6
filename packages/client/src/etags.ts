import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"

/** What an edit may demand of what is there. */
export const ifMatch = {
  "if-match": Schema.optionalKey(Schema.String).annotateKey({
    description:
      "The ETag of what was read guards two people who edit one thing: 412 if it was edited since. Without it, or with *, whatever is there is replaced."
  })
}

/** A body with its `ETag`. */
export const withETag = <S extends Schema.Top>(body: S) => HttpApiSchema.WithHeaders(body, { etag: Schema.String })
