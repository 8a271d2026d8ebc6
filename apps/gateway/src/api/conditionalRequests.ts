import { Conflict, NotFound, PreconditionFailed } from "@tocsin/client"
import { type Expected, invalid, type InvalidInput, type RulePreview } from "@tocsin/delivery"
import { type DateTime, Effect } from "effect"
import { HttpEffect, HttpServerResponse } from "effect/http"
import { HttpApiSchema } from "effect/http-api"
import { toInvalidRequest } from "./body/toInvalidRequest.ts"

/** The problem documents of every edit. */
export const editProblems = (notFound: () => NotFound) => ({
  NotFound: () => Effect.fail(notFound()),
  Changed: () => Effect.fail(new PreconditionFailed({ detail: "Read it again, and repeat the edit" }))
})

/** The problem document of an invalid edit. */
export const invalidProblem = { InvalidInput: (error: InvalidInput) => Effect.fail(toInvalidRequest(error)) }

/** The problem documents of a `POST` that creates `what`, such as "a rule". */
export const createProblems = (what: string) => ({
  ...invalidProblem,
  NotFound: Effect.die,
  Changed: Effect.die,
  IdInUse: () => Effect.fail(new Conflict({ detail: `There is ${what} of this id; PUT replaces it` }))
})

/** The problem documents of a `PUT`, which creates unless `If-Match` is set. */
export const replaceProblems = {
  ...editProblems(() => new NotFound({})),
  ...invalidProblem,
  IdInUse: Effect.die,
  NotFound: () =>
    Effect.fail(new PreconditionFailed({ detail: "There is nothing of this id. Leave If-Match out to create it" }))
}

/** Refuses the body of a `PUT` if its id differs from that of the path. */
export const checkId = (inBody: string | undefined, inPath: string) =>
  inBody === undefined || inBody === inPath
    ? Effect.void
    : Effect.fail(toInvalidRequest(invalid("/id", "the id of the path, or none")))

/** How many notifications an edit would send: in all, and at each integration. */
export const summed = (integrations: ReadonlyArray<RulePreview>) => ({
  raise: integrations.reduce((sum, { raise }) => sum + raise, 0),
  clear: integrations.reduce((sum, { clear }) => sum + clear, 0),
  integrations
})

/** Answers 201 instead of 200 if the request created something. */
export const created = (isNew: boolean) =>
  isNew
    ? HttpEffect.appendPreResponseHandler((_, response) => Effect.succeed(HttpServerResponse.setStatus(response, 201)))
    : Effect.void

/** A body with the ETag of its state. */
export const tagged = <A extends { readonly updatedAt: DateTime.Utc }>(body: A) =>
  HttpApiSchema.withHeaders({ body, headers: { etag: `"${body.updatedAt.epochMilliseconds}"` } })

/** The precondition of a `PUT`: none without `If-Match`. */
export const expectedOfReplace = (headers: { readonly "if-match"?: string }): Expected =>
  headers["if-match"] === undefined ? "any" : expected(headers)

/**
 * The precondition in `If-Match`: that the thing exists, or has one of a list of ETags. An unknown ETag never matches.
 * A proxy that compresses makes ETags weak (`W/`).
 */
export const expected = (headers: { readonly "if-match"?: string }): Expected => {
  const given = headers["if-match"]
  if (given === undefined || given === "*") return "present"
  return {
    updatedAt: given.split(",").flatMap((tag) => /^\s*(?:W\/)?"(\d+)"\s*$/.exec(tag)?.slice(1).map(Number) ?? [])
  }
}
