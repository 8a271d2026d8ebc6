/**
 * API keys: credentials with a scope, beside TOCSIN_TOKEN.
 */
import { ConfiguredName } from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { list, page } from "../lists.ts"
import { Conflict, InvalidRequest, NotFound } from "../Problems.ts"
import { bodyIsOptional, says } from "../says.ts"
import { KeyScope, needs } from "./Scope.ts"

/** A key without its secret. */
export const Key = Schema.Struct({
  id: Schema.String,
  name: Schema.String.annotateKey({ description: "A name for people; the audit log shows it." }),
  scopes: Schema.Array(KeyScope).annotateKey({ description: "What the key allows." }),
  state: Schema.Literals(["active", "expired", "revoked"]),
  createdAt: Schema.DateTimeUtc,
  createdBy: Schema.String.annotateKey({ description: "Who created it: a name, or a network address." }),
  expiresAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({ description: "Absent if it does not expire." }),
  lastUsedAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
    description: "When it was last used, to the minute. Absent if it never was."
  }),
  revokedAt: Schema.optionalKey(Schema.DateTimeUtc),
  replacedBy: Schema.optionalKey(Schema.String).annotateKey({
    description: "The id of the key that it was rotated to."
  })
}).annotate({ identifier: "Key" })

/** A new key, with its secret. */
export const NewKey = Schema.Struct({
  ...Key.fields,
  secret: Schema.String.annotateKey({
    description: "The key itself, to be sent as `Authorization: Bearer <key>`. Shown once: only its hash is stored."
  })
}).annotate({ identifier: "NewKey" })

const longestLife = 10 * 366 * 86_400

/** The time after which a key expires. */
const ExpiresAfter = Schema.Int.check(
  Schema.isBetween(
    { minimum: 60, maximum: longestLife },
    { expected: `a whole number of seconds from 60 to ${longestLife}` }
  )
)

/** API keys. */
export class KeysApi extends HttpApiGroup.make("keys")
  .add(
    HttpApiEndpoint.get("list", "/", { query: page, success: list(Key) }).annotateMerge(
      says("API keys, newest first", "Expired and revoked ones are listed for as long as history is kept.")
    ),
    HttpApiEndpoint.post("create", "/", {
      payload: Schema.Struct({
        name: ConfiguredName.check(
          Schema.isMaxLength(128, { expected: "a name of at most 128 characters" })
        ).annotateKey({ description: "A name for people, such as the program that uses the key." }),
        scopes: Schema.Array(KeyScope)
          .check(
            Schema.isMinLength(1, { expected: "at least one scope" }),
            Schema.isMaxLength(64, { expected: "an array of at most 64 scopes" })
          )
          .annotateKey({ description: "admin includes write, and write includes read." }),
        expiresAfter: Schema.optionalKey(ExpiresAfter).annotateKey({
          description: "In seconds; a key without it does not expire."
        })
      }),
      success: NewKey.pipe(HttpApiSchema.status(201)),
      error: InvalidRequest
    }).annotateMerge(says("Create an API key", "Shows its secret once.")),
    HttpApiEndpoint.post("rotate", "/:id/rotate", {
      params: { id: Schema.String },
      payload: [
        Schema.Struct({
          overlap: Schema.optionalKey(
            Schema.Int.check(
              Schema.isBetween(
                { minimum: 0, maximum: 2_592_000 },
                { expected: "a whole number of seconds from 0 to 2592000" }
              )
            )
          ).annotateKey({ description: "For how many seconds the old key stays valid; 86400 (a day) if absent." }),
          expiresAfter: Schema.optionalKey(ExpiresAfter).annotateKey({
            description: "When the new key expires, in seconds; as long after its creation as the old one if absent."
          })
        }),
        // The body may be absent.
        Schema.Null
      ],
      success: NewKey.pipe(HttpApiSchema.status(201)),
      error: [InvalidRequest, NotFound, Conflict]
    })
      .annotateMerge(bodyIsOptional)
      .annotateMerge(
        says(
          "Rotate an API key",
          "Creates a key with the same name and scopes, and shows its secret once. The old one expires after the overlap."
        )
      ),
    HttpApiEndpoint.delete("revoke", "/:id", {
      params: { id: Schema.String },
      success: HttpApiSchema.NoContent,
      error: [NotFound]
    }).annotateMerge(says("Revoke an API key", "At once, and for good. Ends the sessions that were started with it."))
  )
  .prefix("/v1/keys")
  .annotateMerge(needs("admin"))
  .annotateMerge(OpenApi.annotations({ description: "API keys." })) {}
