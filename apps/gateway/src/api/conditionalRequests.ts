import { NotFound, PreconditionFailed } from "@tocsin/client"
import type { Expected, InvalidInput } from "@tocsin/delivery"
import { type DateTime, Effect } from "effect"
import { HttpEffect, HttpServerResponse } from "effect/http"
import { HttpApiSchema } from "effect/http-api"
import { toInvalidRequest } from "./body/toInvalidRequest.ts"

/** The problem documents of what can go wrong with any edit. */
export const editProblems = (notFound: () => NotFound) => ({
  NotFound: () => Effect.fail(notFound()),
  Changed: () =>
    Effect.fail(new PreconditionFailed({ detail: "Read it again, and repeat the edit on what is there now" }))
})

/** The problem document of an edit that cannot be taken. */
export const invalidProblem = { InvalidInput: (error: InvalidInput) => Effect.fail(toInvalidRequest(error)) }

/** The same of a `PUT`, which creates what is not there unless `If-Match` demands a state of it. */
export const replaceProblems = {
  ...editProblems(() => new NotFound({})),
  NotFound: () =>
    Effect.fail(new PreconditionFailed({ detail: "There is nothing of this id. Leave If-Match out to create it" }))
}

/** Answers 201 instead of 200 if the request created something. */
export const created = (isNew: boolean) =>
  isNew
    ? HttpEffect.appendPreResponseHandler((_, response) => Effect.succeed(HttpServerResponse.setStatus(response, 201)))
    : Effect.void

/** A body with the ETag of its state. */
export const tagged = <A extends { readonly updatedAt: DateTime.Utc }>(body: A) =>
  HttpApiSchema.withHeaders({ body, headers: { etag: `"${body.updatedAt.epochMilliseconds}"` } })

/** What a `PUT` demands of the present state: nothing, if it has no `If-Match`. */
export const expectedOfReplace = (headers: { readonly "if-match"?: string }): Expected =>
  headers["if-match"] === undefined ? "any" : expected(headers)

/**
 * What `If-Match` demands of the present state: any, or one of a list of ETags. What
 * is no ETag of ours matches none. A proxy that compresses makes ETags weak (`W/`).
 */
export const expected = (headers: { readonly "if-match"?: string }): Expected => {
  const given = headers["if-match"]
  if (given === undefined || given === "*") return "present"
  return {
    updatedAt: given.split(",").flatMap((tag) => /^\s*(?:W\/)?"(\d+)"\s*$/.exec(tag)?.slice(1).map(Number) ?? [])
  }
}
