/**
 * Checks URLs before anything is sent (case S3), for direct calls and for calls through a proxy.
 */
import { Cache, Effect, Exit, Option } from "effect"
import { parseAddress } from "./addresses.ts"
import { type Hosts, relative } from "./hosts.ts"
import { refusal, resolvedRefusal, type Way } from "./policy.ts"
import type { Resolver } from "./Resolver.ts"

/** How long a name may take to resolve before it counts as unresolvable. */
const resolveTimeout = "3 seconds"

/** How long the failure to resolve a name is cached: behind a proxy there may be no DNS at all. */
const unresolvedFor = "1 minute"

/** Checks URLs. Each result is a sentence for the operator, or undefined for a URL that may be called. */
export interface Destinations {
  readonly way: (url: URL) => Way
  /** Checks the URL's scheme, and its address or its name. */
  readonly refusal: (url: URL) => string | undefined
  /**
   * Also checks the addresses to which its name resolves here. A name that does not resolve in time is not refused: a
   * proxy may resolve it, or it may resolve later.
   */
  readonly resolvedRefusal: (url: URL) => Effect.Effect<string | undefined>
}

/** Makes the checks for the allowed hosts. */
export const make = (
  allowed: Hosts,
  way: Destinations["way"],
  { resolve }: Resolver["Service"]
): Effect.Effect<Destinations> =>
  Effect.map(
    Cache.makeWith((hostname: string) => Effect.option(Effect.timeout(resolve(hostname), resolveTimeout)), {
      capacity: 1000,
      timeToLive: (exit) => (Exit.isSuccess(exit) && Option.isNone(exit.value) ? unresolvedFor : 0)
    }),
    (lookups) => ({
      way,
      refusal: (url) => refusal(allowed, url, way(url)),
      resolvedRefusal: Effect.fnUntraced(function* (url) {
        const why = refusal(allowed, url, way(url))
        if (why !== undefined) return why
        if (Option.isSome(parseAddress(url.hostname)) || allowed.names.has(relative(url.hostname))) return
        const addresses = yield* Cache.get(lookups, url.hostname)
        return Option.isSome(addresses) ? resolvedRefusal(allowed, url, addresses.value) : undefined
      })
    })
  )
