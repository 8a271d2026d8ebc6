/**
 * Who makes a request, and what it may do.
 */
import { allows, allowsPosting, Forbidden, type RequiredScope } from "@tocsin/client"
import { type Author, CurrentAuthor, type StoredSession } from "@tocsin/delivery"
import { Context, Effect, Option } from "effect"
import type { HttpServerRequest } from "effect/http"

/** A caller whose credential was accepted. */
export interface Caller {
  /** How it was let in. */
  readonly by: "token" | "key" | "session" | "proxy" | "thisMachine"
  /** The name of its key, or of its user. */
  readonly name?: string | undefined
  /** The id of its API key. */
  readonly keyId?: string | undefined
  readonly scopes: ReadonlyArray<string>
}

/** The caller with a session that has not ended. */
export const callerOfSession = ({ actor: name, keyId, scopes }: StoredSession): Caller => ({
  by: "session",
  name,
  keyId,
  scopes
})

/** The caller of the current request; undefined on routes that need no credential. */
export const CurrentCaller = Context.Reference<Caller | undefined>("@tocsin/gateway/CurrentCaller", {
  defaultValue: () => undefined
})

/** Runs the handler of a request for a caller, who is the author of all changes that it makes. */
export const asCaller =
  (caller: Caller, request: HttpServerRequest.HttpServerRequest) =>
  <A, E, R>(handler: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    // A context of both would be merged with all services of the gateway, for each request.
    handler.pipe(
      Effect.provideService(CurrentCaller, caller),
      Effect.provideService(CurrentAuthor, authorOf(caller, request))
    )

/** A caller without a credential, whose body may be signed. It may do nothing until the signature was checked. */
export const unchecked: Caller = { by: "key", scopes: [] }

/** The author of the changes of a caller. */
export const authorOf = (
  { by, keyId, name }: Caller,
  { remoteAddress }: HttpServerRequest.HttpServerRequest
): Author => ({
  actor: name ?? (by === "thisMachine" ? "this machine" : "TOCSIN_TOKEN"),
  keyId,
  address: Option.getOrElse(remoteAddress, () => "an unknown address")
})

/** The current caller in words: its name if it has one, and its address. */
export const callerText = Effect.gen(function* () {
  const { address } = yield* CurrentAuthor
  const name = (yield* CurrentCaller)?.name
  return name === undefined ? address : `${name} at ${address}`
})

/** Whether scopes suffice for a route. For `ingest`, a scope for any source does; the handler checks which. */
export const suffices = (scopes: ReadonlyArray<string>, needed: RequiredScope): boolean =>
  needed === "ingest"
    ? allows(scopes, "write") || scopes.some((scope) => scope.startsWith("ingest:"))
    : allows(scopes, needed)

/** Says which scope is needed. */
export const needsScope = (needed: string) => `This needs a key with the scope ${needed}`

/** Refuses a caller that may not give out access: what it creates would outlive its own key. */
export const checkMayGrant = Effect.gen(function* () {
  const caller = yield* CurrentCaller
  if (caller !== undefined && !allows(caller.scopes, "admin")) {
    return yield* new Forbidden({ detail: `${needsScope("admin")}, because it sets a credential` })
  }
})

/** Refuses a caller that may not post to the source with this name. */
export const checkMayPost = Effect.fnUntraced(function* (source: string) {
  const caller = yield* CurrentCaller
  if (caller !== undefined && !allowsPosting(caller.scopes, source)) {
    return yield* new Forbidden({ detail: needsScope(`ingest:${source}, or write`) })
  }
})
