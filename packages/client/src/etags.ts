import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"

/** Preconditions of an edit. */
export const ifMatch = {
  "if-match": Schema.optionalKey(Schema.String).annotateKey({
    description:
      "The ETag of the version that was read: 412 if it was edited or removed since. With *: 412 if it does not exist. Without If-Match, a PUT also creates."
  })
}

/** A body with its `ETag`. */
export const withETag = <S extends Schema.Top>(body: S) => HttpApiSchema.WithHeaders(body, { etag: Schema.String })
