import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"

/** Guards two people who edit one thing: send back the `ETag` of what was read; 412 if it was edited since. */
export const ifMatch = { "if-match": Schema.optionalKey(Schema.String) }

/** A body with its `ETag`. */
export const withETag = <S extends Schema.Top>(body: S) => HttpApiSchema.WithHeaders(body, { etag: Schema.String })
