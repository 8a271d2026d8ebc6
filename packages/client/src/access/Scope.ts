/**
 * What a caller may do, and which scope each route needs.
 */
import { Context, Option, Schema } from "effect"
import type { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"

/**
 * What a caller may do: `read` looks, `write` also changes alerts, rules, integrations and sources, and `admin` also
 * manages keys, credentials of sources and sessions, reads the audit log and downloads backups.
 */
export const Scope = Schema.Literals(["read", "write", "admin"])
export type Scope = typeof Scope.Type

/** The scope of a key: one of `Scope`, or `ingest:NAME`, which allows posting alerts to the source NAME and nothing else. */
export const KeyScope = Schema.String.check(
  Schema.isPattern(/^(?:read|write|admin|ingest:[A-Za-z0-9._-]{1,64})$/u, {
    expected: "read, write, admin or ingest:NAME with the name of a source"
  })
)

/** The scope that a route needs; `ingest` is `ingest:NAME` with the name of the source that is posted to, or `write`. */
export type RequiredScope = Scope | "ingest"

/** States the scope that a route, or all routes of a group, need. */
export class Needs extends Context.Service<Needs, RequiredScope>()("@tocsin/client/Needs") {}

/** Marks a route whose callers may sign the body instead of sending a credential. */
export class MaySign extends Context.Service<MaySign, true>()("@tocsin/client/MaySign") {}

/** Annotates a route whose callers may sign the body. */
export const maySign = Context.make(MaySign, true)

/** Annotates a route or a group with the scope that it needs. */
export const needs = (scope: RequiredScope) => Context.make(Needs, scope)

/** The scope that a route needs: that of its annotation, else that of its group, else `read` to GET and `write` to change. */
export const scopeOf = (endpoint: HttpApiEndpoint.Top, group: HttpApiGroup.Top): RequiredScope =>
  Context.getOption(endpoint.annotations, Needs).pipe(
    Option.orElse(() => Context.getOption(group.annotations, Needs)),
    Option.getOrElse(() => (endpoint.method === "GET" ? "read" : "write"))
  )

const included: Readonly<Record<Scope, ReadonlyArray<string>>> = {
  read: ["read", "write", "admin"],
  write: ["write", "admin"],
  admin: ["admin"]
}

/** Whether scopes include the one that is needed: `admin` includes `write`, which includes `read`. */
export const allows = (scopes: ReadonlyArray<string>, needed: Scope): boolean =>
  scopes.some((scope) => included[needed].includes(scope))

/** Whether scopes allow posting alerts to the source with this name. */
export const allowsPosting = (scopes: ReadonlyArray<string>, source: string): boolean =>
  allows(scopes, "write") || scopes.includes(`ingest:${source}`)
