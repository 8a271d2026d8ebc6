import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"

/** What an edit may demand of what is there. */
export const ifMatch = {
  "if-match": Schema.optionalKey(Schema.String).annotateKey({
    description:
      "The ETag of what was read guards two people who edit one thing: 412 if it was edited since, or is gone. With *, whatever is there is replaced, and 412 if nothing is. A PUT without it also creates."
  })
}

/** A body with its `ETag`. */
export const withETag = <S extends Schema.Top>(body: S) => HttpApiSchema.WithHeaders(body, { etag: Schema.String })
